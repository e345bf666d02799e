/**
 * The client's machine of one outbox entry, as data.
 *
 *   queued ◀──▶ blocked          (what it builds on is parked, or no longer)
 *     │ ▲
 *     ▼ │ refused, nothing applied: sent again later
 *   sending ──▶ in-doubt ──▶ sending       (no answer: sent again under the same id)
 *     │
 *     ├──▶ accepted ──▶ confirmed | conflict | rejected | parked
 *     ├──▶ confirmed                                           leaves the outbox
 *     ├──▶ conflict ──▶ confirmed | rejected                   stays until somebody decides
 *     ├──▶ rejected                                            stays until edited, retried or discarded
 *     └──▶ parked ──▶ queued | in-doubt                        stays until edited, retried or discarded
 *
 * `discarded` is the way out by hand: never while an answer is awaited.
 */
import { LayoverError } from './layover-error.ts'

export type EntryStatus =
  | 'queued'
  | 'sending'
  | 'in-doubt'
  | 'accepted'
  | 'blocked'
  | 'confirmed'
  | 'conflict'
  | 'rejected'
  | 'parked'

/** Where an entry may go; `discarded` is not a status of an entry but its removal. */
export const ENTRY_MOVES: Readonly<Record<EntryStatus, readonly (EntryStatus | 'discarded')[]>> = {
  queued: ['sending', 'blocked', 'parked', 'discarded'],
  sending: ['queued', 'in-doubt', 'accepted', 'confirmed', 'conflict', 'rejected', 'parked', 'discarded'],
  'in-doubt': ['sending', 'parked'],
  accepted: ['confirmed', 'conflict', 'rejected', 'parked', 'discarded'],
  blocked: ['queued', 'parked', 'discarded'],
  confirmed: [],
  conflict: ['confirmed', 'rejected', 'parked', 'accepted', 'discarded'],
  rejected: ['discarded'],
  parked: ['queued', 'in-doubt', 'discarded'],
}

/** Staying in place is allowed (an attempt was counted, a newer conflict came); any other unlisted move is a bug of the caller. */
export function assertEntryMove(from: EntryStatus, to: EntryStatus | 'discarded'): void {
  if (from !== to && !ENTRY_MOVES[from].includes(to)) {
    throw new LayoverError('NOT_POSSIBLE', `An entry that is ${from} cannot become ${to}.`)
  }
}

/** Statuses in which the entry's optimistic change is part of the view. */
export function isTentative(status: EntryStatus): boolean {
  return status === 'queued' || status === 'sending' || status === 'in-doubt' || status === 'accepted'
}

/** Statuses in which the gateway's verdict is still to come. A parked entry counts: it has not been taken. */
export function isUnsettled(status: EntryStatus): boolean {
  return isTentative(status) || status === 'blocked' || status === 'parked'
}

/** Statuses that the replay sends in queue order. */
export function isSendable(status: EntryStatus): boolean {
  return status === 'queued' || status === 'in-doubt'
}

/** Statuses in which an entry holds up what builds on it: the gateway has not taken it, and is not going to by itself. */
export function isStuck(status: EntryStatus | undefined): boolean {
  return status === 'parked' || status === 'blocked'
}

/** What was being sent by somebody who is no more. */
export function asDoubtful<T extends { readonly status: EntryStatus }>(entry: T): T {
  return entry.status === 'sending' ? { ...entry, status: 'in-doubt', inDoubt: true } : entry
}
