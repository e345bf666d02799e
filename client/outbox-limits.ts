/** How much the outbox may hold. Counted as it changes, so that asking costs the same however much waits. */
import type { StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import { writeEntry } from './storage/outbox-records.ts'

export interface OutboxLimits {
  /** Entries of every status, rejected and parked ones too; default 10,000. */
  tasks?: number
  /** Stored text of all entries together, as UTF-8; default 50,000,000. */
  bytes?: number
}

const DEFAULTS: Required<OutboxLimits> = { tasks: 10_000, bytes: 50_000_000 }

export class OutboxSize {
  readonly #limits: Required<OutboxLimits>
  readonly #sizes = new Map<string, number>()
  /** Their texts are not made before somebody asks: at a start that would keep the view waiting. */
  readonly #uncounted = new Map<string, StoredEntry>()
  #bytes = 0

  /** Throws BAD_OPTION for a limit that is no number above 0. */
  constructor(limits: OutboxLimits = {}) {
    this.#limits = { ...DEFAULTS, ...limits }
    for (const [name, limit] of Object.entries(this.#limits)) {
      if (!(limit > 0)) throw new LayoverError('BAD_OPTION', `\`limits.${name}\` must be a number above 0.`)
    }
  }

  /** Counts one that comes or was changed. */
  put(entry: StoredEntry): void {
    this.remove(entry.id)
    this.#uncounted.set(entry.id, entry)
  }

  /** Why the newest is one too many; undefined while there is room. */
  refusal({ name }: StoredEntry): LayoverError | undefined {
    const { tasks, bytes } = this.#limits
    for (const [id, entry] of this.#uncounted) {
      const size = bytesOf(writeEntry(entry))
      this.#sizes.set(id, size)
      this.#bytes += size
    }
    this.#uncounted.clear()
    const limit =
      this.#sizes.size > tasks ? `tasks\` of ${tasks}` : this.#bytes > bytes ? `bytes\` of ${bytes}` : undefined
    if (limit === undefined) return undefined
    return new LayoverError(
      'OUTBOX_FULL',
      `${name} was not queued: it would pass \`limits.${limit}. Let the outbox empty, discard what it holds, or raise the limit.`,
    )
  }

  remove(id: string): void {
    this.#bytes -= this.#sizes.get(id) ?? 0
    this.#sizes.delete(id)
    this.#uncounted.delete(id)
  }
}

function bytesOf(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    // A pair of surrogates is four bytes.
    if (unit > 0x7f) bytes += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2
  }
  return bytes
}
