/** Chance that can be repeated: the same seed, the same run. */
import type { Random } from '../../protocol/ports.ts'
import { uuidSource } from '../../protocol/uuid.ts'

export interface SeededRandom extends Random {
  /** At least `from`, below `to`; integers. */
  between(from: number, to: number): number
  /** Undefined of an empty list. */
  pick<T>(from: readonly T[]): T | undefined
  /** Another sequence, which depends on the seed and the name alone: who draws how often elsewhere changes nothing in it. */
  fork(name: string): SeededRandom
}

/** UUIDs are of version 7 and rise in the order in which they were made. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0
  let made = 0
  // mulberry32
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (from: number, to: number): number => from + Math.floor(fraction() * (to - from))
  return {
    fraction,
    between,
    uuid: uuidSource(
      () => FIRST_UUID_AT + ++made,
      bytes =>
        bytes.forEach((_zero, index) => {
          bytes[index] = between(0, 256)
        }),
    ),
    pick: from => from[between(0, from.length)],
    fork: name =>
      seededRandom(
        [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), seed ^ 0x811c9dc5),
      ),
  }
}

const FIRST_UUID_AT = Date.UTC(2026, 0, 1)
