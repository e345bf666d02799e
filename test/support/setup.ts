import { vi } from 'vitest'

/** Waiting costs nothing when it is over at once; on a busy machine a second is not much. */
const PATIENCE_MS = 15_000

const { waitFor } = vi
const waitPatiently: typeof waitFor = (callback, options = {}) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options })

// Called before each file, and files share their modules.
if (waitFor.name !== waitPatiently.name) vi.waitFor = waitPatiently
