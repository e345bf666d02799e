import { vi } from 'vitest'

/** Waiting costs nothing when it is over at once; on a busy machine a second is not much. */
const PATIENCE_MS = 15_000

const waitFor = vi.waitFor.bind(vi)
vi.waitFor = (callback, options = {}) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options })
