import { setMaxListeners } from 'node:events'
import { backoffMs, type Clock, pause, type Random } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import { type Store, StoreError, type Unit } from '../store/store.ts'
import type { Engine, Handle, Run, Work } from './engine.ts'

const TOO_MANY_DEATHS = 'the gateway ended several times while it worked on this task'
const FIRST_REPEAT_MS = 250
const LAST_REPEAT_MS = 60_000
/** Walks that threw in this process before a task is parked. */
const MOST_FAILURES = 5
/**
 * Walks without progress, most of them cut off by the death of a process. From the first number on a task walks alone, so
 * that the next death tells the culprit from those that were merely there; at the second it is parked.
 */
const SUSPECT_STUMBLES = 3
const MOST_STUMBLES = 10
/** How often parked tasks are looked after: another process may have left word for them. */
const SIGNAL_POLL_MS = 1000
const UNDO_KEY = 'to be undone'

/** Leaves a walk that waits for an operator. */
class Parked extends Error {}

interface Setting {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/**
 * The embedded engine: memos lie in the gateway's own store and share its grouped commits. There is no lease, since the
 * store's lock lets one process in.
 */
export function journalEngine(setting: Setting): Engine {
  return new JournalEngine(setting)
}

class JournalEngine implements Engine {
  readonly #setting: Setting
  readonly #active = new Map<string, Promise<void>>()
  readonly #parked = new Map<string, Handle>()
  /** Suspects, one after the other. */
  #alone: Promise<void> = Promise.resolve()
  readonly #stopping = new AbortController()
  #work: Work | undefined
  #withdrawPoll: (() => void) | undefined

  constructor(setting: Setting) {
    this.#setting = setting
    // Every task under way listens to it: a thousand listeners are a thousand tasks, and no leak.
    setMaxListeners(0, this.#stopping.signal)
  }

  start(work: Work): void {
    this.#work = work
  }

  run(task: Handle, { isFirst = false }: { isFirst?: boolean } = {}): void {
    const work = this.#work
    if (work === undefined || this.#active.has(task.reference) || this.#stopping.signal.aborted) return
    this.#parked.delete(task.reference)
    this.#active.set(
      task.reference,
      this.#persist(task, work, isFirst).finally(() => this.#active.delete(task.reference)),
    )
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the gateway stops'))
    this.#withdrawPoll?.()
    await Promise.all(this.#active.values())
  }

  async #persist(task: Handle, work: Work, isFirst: boolean): Promise<void> {
    const { clock, random, log } = this.#setting
    const { signal } = this.#stopping
    let [failures, lastFailure] = [0, '']
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      let run: JournalRun | undefined
      let leave = (): void => undefined
      try {
        const isFresh = isFirst && attempt === 1
        if (!isFresh) leave = await this.#turn(task)
        const stumbles = isFresh ? 0 : await this.#stumble(task)
        run = new JournalRun(this.#setting, task, {
          signal,
          stumbles,
          leave,
          isToBeUndone: await this.#isToBeUndone(task),
        })
        if (failures >= MOST_FAILURES) await run.excuse(`its code failed several times: ${lastFailure}`)
        else if (stumbles >= MOST_STUMBLES) await run.excuse(TOO_MANY_DEATHS)
        await work.walk(run)
        // It left alive, perhaps for a build that has its definition: that is no stumble.
        return await run.takeBackStumble()
      } catch (thrown) {
        leave()
        let error = thrown
        if (thrown instanceof Parked) {
          await run?.rest()
          try {
            return await this.#park(task, thrown.message)
          } catch (unmarked) {
            // Nobody would see that it waits, nor could say anything about it: it walks to the same place again.
            error = unmarked
          }
        }
        if (signal.aborted) return await run?.takeBackStumble()
        if (run?.hasProgressed) failures = 0
        if (!(error instanceof StoreError)) [failures, lastFailure] = [failures + 1, nameOf(error)]
        log.error({ error, task: task.reference, attempt }, 'a task stumbled and will be taken up again')
        const delayMs = backoffMs(attempt, random, FIRST_REPEAT_MS, LAST_REPEAT_MS)
        await pause(clock, delayMs, signal).catch(() => undefined)
      } finally {
        leave()
      }
    }
  }

  /** Waits until a suspect may walk; the returned function lets the next one begin. Others may walk at once. */
  async #turn({ reference }: Handle): Promise<() => void> {
    if ((await this.#setting.store.view.stumbles(reference)) < SUSPECT_STUMBLES) return () => undefined
    const before = this.#alone
    let leave = (): void => undefined
    this.#alone = new Promise(resolve => {
      leave = resolve
    })
    await before
    if (this.#stopping.signal.aborted) leave()
    this.#stopping.signal.throwIfAborted()
    return leave
  }

  /** Counted before the walk, so that a task which ends the process is found out, too. */
  async #stumble({ partition, reference }: Handle): Promise<number> {
    const { store } = this.#setting
    const count = (await store.view.stumbles(reference)) + 1
    await store.write(partition, unit => unit.setStumbles(reference, count))
    return count
  }

  async #isToBeUndone({ reference }: Handle): Promise<boolean> {
    return (await this.#setting.store.view.memo(reference, UNDO_KEY)) !== undefined
  }

  async #park(task: Handle, why: string): Promise<void> {
    await this.#work?.park(task, why)
    this.#parked.set(task.reference, task)
    this.#withdrawPoll ??= this.#setting.clock.after(SIGNAL_POLL_MS, () => void this.#poll())
  }

  async #poll(): Promise<void> {
    const { store, clock, log } = this.#setting
    this.#withdrawPoll = undefined
    try {
      for (const reference of await store.view.signalled()) {
        const task = this.#parked.get(reference)
        if (task !== undefined) this.run(task)
      }
    } catch (error) {
      log.error({ error }, 'signals could not be read')
    }
    if (this.#parked.size > 0 && !this.#stopping.signal.aborted)
      this.#withdrawPoll ??= clock.after(SIGNAL_POLL_MS, () => void this.#poll())
  }
}

interface Begin {
  readonly signal: AbortSignal
  /** Walks without progress, this one among them. */
  readonly stumbles: number
  readonly isToBeUndone: boolean
  /** Called at the first progress: the next suspect may begin. */
  readonly leave: () => void
}

class JournalRun implements Run {
  readonly task: Handle
  readonly signal: AbortSignal
  readonly #setting: Setting
  readonly #leave: () => void
  #stumbles: number
  #isExcused = true
  #hasProgressed = false
  #isToBeUndone: boolean

  constructor(setting: Setting, task: Handle, { signal, stumbles, isToBeUndone, leave }: Begin) {
    this.#setting = setting
    this.task = task
    this.signal = signal
    this.#stumbles = stumbles
    this.#isToBeUndone = isToBeUndone
    this.#leave = leave
  }

  /** Something was recorded that no walk before had got to. */
  get hasProgressed(): boolean {
    return this.#hasProgressed
  }

  get isToBeUndone(): boolean {
    return this.#isToBeUndone
  }

  get isRepeat(): boolean {
    return this.#stumbles > 0
  }

  async memo<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
    const { store } = this.#setting
    const { partition, reference } = this.task
    const recorded = await store.view.memo(reference, key)
    if (recorded !== undefined) return recorded.value as Value
    this.signal.throwIfAborted()
    const value = await work()
    const hadStumbled = this.#stumbles > 0
    await store.write(partition, async unit => {
      await unit.recordMemo(reference, key, value)
      if (hadStumbled) await unit.setStumbles(reference, 0)
    })
    this.#stumbles = 0
    this.#hasProgressed = true
    this.#leave()
    return value
  }

  async sleep(key: string, ms: number): Promise<void> {
    const { clock } = this.#setting
    const { until } = await this.memo(key, async () => ({ until: clock.now() + ms }))
    const leftMs = until - clock.now()
    if (leftMs > 0) await pause(clock, leftMs, this.signal)
  }

  async waitSignal(key: string, why: string): Promise<void> {
    const { store } = this.#setting
    const { reference } = this.task
    if ((await store.view.memo(reference, key)) !== undefined) return
    await this.#takeSignal(why, unit => unit.recordMemo(reference, key, null))
  }

  /** After too many stumbles: goes on if an operator said so. */
  async excuse(why: string): Promise<void> {
    this.#isExcused = false
    await this.#takeSignal(why, unit => unit.setStumbles(this.task.reference, 0))
    this.#isExcused = true
    this.#stumbles = 0
  }

  /** It ended in good order, so this walk counts neither for nor against the task. */
  async takeBackStumble(): Promise<void> {
    if (this.#stumbles > 0) await this.#setStumbles(this.#stumbles - 1)
  }

  /** It waits for an operator: not for having stumbled, or for just that, and then no later walk may begin without his word. */
  async rest(): Promise<void> {
    if (this.#isExcused) await this.takeBackStumble()
    else await this.#setStumbles(MOST_STUMBLES)
  }

  async #setStumbles(count: number): Promise<void> {
    const { store, log } = this.#setting
    const { partition, reference } = this.task
    try {
      await store.write(partition, unit => unit.setStumbles(reference, count))
    } catch (error) {
      log.error({ error, task: reference }, 'stumbles could not be counted')
    }
  }

  async #takeSignal(why: string, note: (unit: Unit) => Promise<void>): Promise<void> {
    const { partition, reference } = this.task
    const action = await this.#setting.store.write(partition, async unit => {
      const word = await unit.takeSignal(reference)
      if (word === undefined) return undefined
      await note(unit)
      if (word === 'undo' && !this.#isToBeUndone) await unit.recordMemo(reference, UNDO_KEY, true)
      return word
    })
    if (action === undefined) throw new Parked(why)
    if (action === 'undo') this.#isToBeUndone = true
  }
}

/** A failure's class or code: its text may hold what a person typed. */
function nameOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown'
}
