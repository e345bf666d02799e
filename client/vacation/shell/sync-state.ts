/** The one line about everything (the chip), and the state that is announced: what keeps the changes from leaving comes first. */
import type { Connection, OutboxEntry } from 'layover/client'
import { isUnderWay, isUnsettled } from '../outbox/state-word.ts'
import { texts } from '../texts/index.ts'
import type { Burst } from './burst.ts'

const words = texts.shell.chip

export type SyncKind = 'saved' | 'waiting' | 'sending' | 'offline' | 'unreachable' | 'paused' | 'sign-in' | 'stuck'

export interface Counts {
  readonly unsettled: number
  /** Of the unsettled, those that wait for something a person has to decide. */
  readonly blocked: number
  readonly underWay: number
  readonly review: number
  readonly failed: number
  readonly parked: number
  /** Milliseconds since the epoch; the next attempt of whatever waits for one. */
  readonly nextAttemptAt: number | undefined
}

export interface SyncState extends Counts {
  readonly kind: SyncKind
  readonly burst: Burst | undefined
}

export function countsOf(entries: readonly OutboxEntry[]): Counts {
  const counted = { unsettled: 0, blocked: 0, underWay: 0, review: 0, failed: 0, parked: 0 }
  let nextAttemptAt: number | undefined
  for (const entry of entries) {
    if (isUnsettled(entry)) counted.unsettled += 1
    if (isUnderWay(entry)) counted.underWay += 1
    if (entry.status === 'blocked') counted.blocked += 1
    if (entry.status === 'conflict') counted.review += 1
    if (entry.status === 'rejected') counted.failed += 1
    if (entry.status === 'parked') counted.parked += 1
    if (entry.nextAttemptAt) nextAttemptAt = Math.min(nextAttemptAt ?? Infinity, Date.parse(entry.nextAttemptAt))
  }
  return { ...counted, nextAttemptAt }
}

export function kindOf(counts: Counts, state: Connection['state'], pausedBy: 'user' | 'sign-in' | undefined): SyncKind {
  if (pausedBy === 'sign-in') return 'sign-in'
  if (state !== 'online') return state
  if (pausedBy === 'user') return 'paused'
  if (counts.underWay > 0) return 'sending'
  if (counts.unsettled > 0) return 'waiting'
  return counts.review + counts.failed + counts.parked > 0 ? 'stuck' : 'saved'
}

/** @param seconds until the next attempt, if one is waited for */
export function chipText({ kind, burst, ...counts }: SyncState, seconds?: number): string {
  const waiting = counts.unsettled > 0 ? `, ${words.waiting(counts.unsettled)}` : ''
  const parts: string[] = []
  if (kind === 'sign-in') parts.push(words.signIn + waiting)
  if (kind === 'offline') parts.push(words.offline + waiting)
  if (kind === 'unreachable') {
    parts.push(words.unreachable + (seconds === undefined ? waiting : `, ${words.retryingIn(seconds)}`))
  }
  if (kind === 'paused') parts.push(words.paused + waiting)
  if (kind === 'sending') {
    const { done, of } = burst ?? { done: 0, of: counts.unsettled }
    parts.push(words.sending(Math.min(done + 1, of), of))
  }
  if (kind === 'waiting') parts.push(words.waiting(counts.unsettled))
  if (counts.review > 0) parts.push(words.review(counts.review))
  if (counts.failed > 0) parts.push(words.failed(counts.failed))
  if (counts.parked > 0) parts.push(words.parked(counts.parked))
  return parts.join(' · ') || words.saved
}
