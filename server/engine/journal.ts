/** The embedded engine: one process has the store, and goes on with what it finds there. */
import type { Engine, EngineSetting, Handle, Work } from './engine.ts'
import { Walks } from './walks.ts'

/** How often parked tasks are looked after: another process may have left word for them. */
const SIGNAL_POLL_MS = 1000

/** There is no lease, since the store's lock lets one process in. */
export function journalEngine(setting: EngineSetting): Engine {
  return new JournalEngine(setting)
}

class JournalEngine implements Engine {
  readonly #setting: EngineSetting
  readonly #walks: Walks
  readonly #parked = new Map<string, Handle>()
  #work: Work | undefined
  #withdrawPoll: (() => void) | undefined

  constructor(setting: EngineSetting) {
    this.#setting = setting
    this.#walks = new Walks({ ...setting, isSteady: () => true })
  }

  async start(work: Work): Promise<void> {
    this.#work = work
  }

  async recover(): Promise<void> {
    for (const task of await this.#setting.store.view.unfinished()) {
      if (task.state === 'running') this.run(task)
      else await this.#work?.advance(task)
    }
  }

  run(task: Handle, { isFirst = false }: { isFirst?: boolean } = {}): void {
    const work = this.#work
    if (work === undefined || this.#walks.signal.aborted || this.#walks.isUnderWay(task.reference)) return
    this.#parked.delete(task.reference)
    const walk = this.#walks.walk(task, work, { token: this.#setting.random.uuid(), isFirst })
    void walk.then(ending => {
      if (ending === 'parked') this.#await(task)
    })
  }

  async stop(): Promise<void> {
    this.#withdrawPoll?.()
    await this.#walks.stop()
    this.#withdrawPoll?.()
  }

  #await(task: Handle): void {
    this.#parked.set(task.reference, task)
    this.#pollLater()
  }

  #pollLater(): void {
    if (this.#parked.size === 0 || this.#walks.signal.aborted) return
    this.#withdrawPoll ??= this.#setting.clock.after(SIGNAL_POLL_MS, () => void this.#poll())
  }

  async #poll(): Promise<void> {
    const { store, log } = this.#setting
    this.#withdrawPoll = undefined
    try {
      for (const reference of await store.view.signalled()) {
        const task = this.#parked.get(reference)
        if (task !== undefined) this.run(task)
      }
    } catch (error) {
      log.error({ error }, 'signals could not be read')
    }
    this.#pollLater()
  }
}
