/** How far the sending has come: "Sending 2 of 5". A burst begins when something leaves and ends when nothing is left, or nothing can leave. */
export interface Burst {
  readonly done: number
  readonly of: number
  /** Of `of`, not settled yet. */
  readonly left: number
}

export interface Sending {
  /** Waiting or on its way; without what waits for a person, because that would never let a burst end. */
  readonly unsettled: number
  /** On its way. */
  readonly underWay: number
  /** Whether something may leave just now: online, and not paused. */
  readonly flows: boolean
}

/** The same object as long as nothing of it changes. */
export function nextBurst(burst: Burst | undefined, { unsettled, underWay, flows }: Sending): Burst | undefined {
  if (unsettled === 0 || (underWay === 0 && !flows)) return undefined
  if (!burst) return underWay > 0 ? { done: 0, of: unsettled, left: unsettled } : undefined
  const settled = burst.left - unsettled
  if (settled === 0) return burst
  return settled > 0
    ? { done: burst.done + settled, of: burst.of, left: unsettled }
    : { done: burst.done, of: burst.of - settled, left: unsettled }
}
