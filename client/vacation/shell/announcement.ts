import { texts } from '../texts/index.ts'
import type { SyncKind } from './sync-state.ts'

const words = texts.shell.announce

export interface Announcement {
  readonly kind: SyncKind
  /** Empty: nothing is said. */
  readonly text: string
}

/** What keeps changes from leaving has a sentence of its own, and so has their having left. */
const SENTENCES: Readonly<Partial<Record<SyncKind, string>>> = {
  offline: words.offline,
  unreachable: words.unreachable,
  paused: words.paused,
  'sign-in': words.signIn,
  saved: words.saved,
}

/** What is said when the page goes from one state to another. Somebody who was online all the time is not told that he is. */
export function nextAnnouncement(before: Announcement, kind: SyncKind): Announcement {
  const sentence = SENTENCES[kind]
  if (sentence !== undefined) return { kind, text: sentence }
  if (before.kind === 'saved') return { kind, text: '' }
  const wasHeldUp = SENTENCES[before.kind] !== undefined
  return { kind, text: wasHeldUp ? words.online : before.text }
}
