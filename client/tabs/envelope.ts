/** What tabs post to each other. */
import type { LayoverErrorCode } from '../layover-error.ts'

/** By a leader. */
export interface Told {
  readonly from: string
  /** Of its lead: one that was robbed of it and does not know it yet has a lower one. 0: it is still taking it. */
  readonly epoch: number
  /** Of its last news, so that a gap is seen. */
  readonly number: number
}

export interface Ask {
  readonly kind: 'ask'
  readonly id: string
  readonly name: string
  readonly args: readonly unknown[]
}

export interface Reply {
  readonly kind: 'reply'
  readonly id: string
  readonly value?: unknown
  readonly error?: { code: LayoverErrorCode; message: string }
}

export type Envelope =
  /** A tab opens, or has missed something. */
  | { kind: 'hello'; from: string }
  /** To the one who said hello. The leader has stored all it had. */
  | (Told & { kind: 'welcome'; to: string; state: unknown })
  /** Somebody leads from now on. */
  | (Told & { kind: 'led'; state: unknown })
  | (Told & { kind: 'news'; body: unknown })
  /** From anybody, to all. */
  | { kind: 'word'; body: unknown }
  | Ask
  | Reply
  | { kind: 'there?' }
  | (Told & { kind: 'there' })
