/** Replaced only when something in it changes. */
export interface Freshness {
  /** When the last pull that covered it reached the end. */
  readonly lastSyncedAt: Date | null
  readonly state: 'never' | 'fresh' | 'stale' | 'hard-stale'
}
