/** What every random walk meets on its way to the gateway. */
import type { NetworkFault, PlainFault } from 'layover/testing'

export const NETWORK_FAULTS: readonly (NetworkFault | PlainFault)[] = [
  'drop',
  'cut',
  'duplicate',
  'reorder',
  'hang',
  { kind: 'hang', isApplied: true },
  { kind: 'delay', ms: 4000 },
  { kind: 'delay', ms: 8000, leg: 'answer' },
  { kind: 'delay', ms: 40_000, leg: 'answer' },
  'unauthenticated',
  { kind: 'rate-limited', retryAfterSeconds: 3 },
]
