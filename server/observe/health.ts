import type { Clock } from '../../protocol/index.ts'
import type { Store } from '../store/store.ts'

const PROBE_TIMEOUT_MS = 1000
/** For so long an answer is given again: probes come from anybody, and each would cost the writer a turn. */
const PROBE_KEPT_MS = 1000
/** A partition of nobody's: nothing is written to it. */
const PARTITION = 'probe'

/**
 * Can the store read, and does a write get its turn within a second? A turn is an empty transaction: it waits behind those
 * under way and takes the database's lock, and changes nothing.
 */
export function storeProbe(store: Store, clock: Clock): () => Promise<boolean> {
  let last: { readonly at: number; readonly answer: Promise<boolean> } | undefined
  const probe = (): Promise<boolean> =>
    new Promise(resolve => {
      const withdraw = clock.after(PROBE_TIMEOUT_MS, () => resolve(false))
      const turn = async (): Promise<void> => {
        await store.view.head(PARTITION)
        await store.write(PARTITION, async () => undefined)
      }
      turn()
        .then(
          () => resolve(true),
          () => resolve(false),
        )
        .finally(withdraw)
    })
  return () => {
    const now = clock.now()
    if (last === undefined || now - last.at >= PROBE_KEPT_MS || now < last.at) last = { at: now, answer: probe() }
    return last.answer
  }
}
