/** One walk of a task: its memos are rows of the store, and every write of it asks first whether it still has the task. */
import { pause } from '../../protocol/index.ts'
import type { Expected, Unit } from '../store/store.ts'
import { type EngineSetting, type Handle, type Run, WalkLost } from './engine.ts'

/**
 * Walks without progress, most of them cut off by the death of a process, before a task is parked. The limit of those from
 * which on it walks alone is `SUSPECT_STUMBLES`.
 */
export const MOST_STUMBLES = 10
const UNDO_KEY = 'to be undone'

/** Leaves a walk that waits for an operator. */
export class Parked extends Error {}

export interface WalkSetting extends Pick<EngineSetting, 'store' | 'clock' | 'log'> {
  /**
   * False: since this moment (milliseconds since the epoch) the process may have stood still for so long that another one
   * took its walks over.
   */
  readonly isSteady: (since: number) => boolean
}

export interface Begin {
  readonly task: Handle
  readonly signal: AbortSignal
  /** Fences its writes; unique. */
  readonly token: string
  /** No process has been at it before: nothing is recorded, and it claims the task with its first write. */
  readonly isFresh: boolean
}

export class Walk implements Run {
  readonly task: Handle
  readonly signal: AbortSignal
  readonly #setting: WalkSetting
  readonly #token: string
  /** Keys need not be looked for: whatever is recorded, this walk recorded. */
  readonly #recorded: Map<string, unknown> | undefined
  #isClaimed = false
  /** When it was last known to have the task, milliseconds since the epoch. */
  #sureAt: number
  #stumbles = 0
  #isExcused = true
  #hasProgressed = false
  #isToBeUndone = false
  #leave: () => void = () => undefined

  constructor(setting: WalkSetting, { task, signal, token, isFresh }: Begin) {
    this.#setting = setting
    this.task = task
    this.signal = signal
    this.#token = token
    this.#recorded = isFresh ? new Map() : undefined
    this.#sureAt = setting.clock.now()
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

  /** Walks without progress, this one among them. */
  get stumbles(): number {
    return this.#stumbles
  }

  /**
   * Takes the task from whoever had it, or with `isMine` only from nobody else, and counts a stumble: before the walk, so that
   * a task which ends the process is found out, too. `leave` is called at the first progress.
   */
  async claim({ isMine, leave }: { isMine: boolean; leave: () => void }): Promise<void> {
    const { store } = this.#setting
    const { partition, reference } = this.task
    this.#leave = leave
    this.#stumbles = await store.write(
      partition,
      async unit => {
        if (isMine) await this.#claimFree(unit)
        else await unit.setWalker(reference, this.#token)
        const stumbles = (await unit.stumbles(reference)) + 1
        await unit.setStumbles(reference, stumbles)
        return stumbles
      },
      { walks: [reference] },
    )
    this.#isClaimed = true
    this.#isToBeUndone = (await store.view.memo(reference, UNDO_KEY)) !== undefined
  }

  async write<Value>(work: (unit: Unit) => Promise<Value>, expected: Expected = {}): Promise<Value> {
    const { store, clock } = this.#setting
    const { partition, reference } = this.task
    const at = clock.now()
    const value = await store.write(
      partition,
      async unit => {
        await this.#claimFree(unit)
        return work(unit)
      },
      { ...expected, walks: [reference, ...(expected.walks ?? [])] },
    )
    this.#isClaimed = true
    this.#sureAt = at
    return value
  }

  async memo<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
    const recorded = await this.#find(key)
    if (recorded !== undefined) return recorded.value as Value
    this.signal.throwIfAborted()
    if (!this.#setting.isSteady(this.#sureAt)) await this.#makeSure()
    const value = await work()
    await this.write(unit => this.#note(unit, key, value))
    this.#progress(key, value)
    return value
  }

  async record<Value>(key: string, work: (unit: Unit) => Promise<Value>, expected?: Expected): Promise<Value> {
    const recorded = await this.#find(key)
    if (recorded !== undefined) return recorded.value as Value
    this.signal.throwIfAborted()
    const value = await this.write(async unit => {
      const worked = await work(unit)
      // What is finished keeps no memos: no walk will ask for them.
      if ((await unit.task(this.task))?.state !== 'finished') await this.#note(unit, key, worked)
      return worked
    }, expected)
    this.#progress(key, value)
    return value
  }

  async sleep(key: string, ms: number): Promise<void> {
    const { clock } = this.#setting
    const { until } = await this.memo(key, async () => ({ until: clock.now() + ms }))
    const leftMs = until - clock.now()
    if (leftMs > 0) await pause(clock, leftMs, this.signal)
  }

  async waitSignal(key: string, why: string): Promise<void> {
    if ((await this.#find(key)) !== undefined) return
    await this.#takeSignal(why, unit => unit.recordMemo(this.task.reference, key, null))
    this.#recorded?.set(key, null)
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

  async #claimFree(unit: Unit): Promise<void> {
    const walker = await unit.walker(this.task.reference)
    if (walker === this.#token) return
    if (walker !== null || this.#isClaimed) throw new WalkLost()
    await unit.setWalker(this.task.reference, this.#token)
  }

  /** A look between the write before and the work to come: what the process slept through is not made up for. */
  async #makeSure(): Promise<void> {
    const at = this.#setting.clock.now()
    const walker = await this.#setting.store.view.walker(this.task.reference)
    if (walker !== (this.#isClaimed ? this.#token : null)) throw new WalkLost()
    this.#sureAt = at
  }

  async #find(key: string): Promise<{ value: unknown } | undefined> {
    if (this.#recorded === undefined) return this.#setting.store.view.memo(this.task.reference, key)
    return this.#recorded.has(key) ? { value: this.#recorded.get(key) } : undefined
  }

  async #note(unit: Unit, key: string, value: unknown): Promise<void> {
    await unit.recordMemo(this.task.reference, key, value)
    if (this.#stumbles > 0) await unit.setStumbles(this.task.reference, 0)
  }

  #progress(key: string, value: unknown): void {
    this.#recorded?.set(key, value)
    this.#stumbles = 0
    this.#hasProgressed = true
    this.#leave()
  }

  async #setStumbles(count: number): Promise<void> {
    const { reference } = this.task
    try {
      await this.write(unit => unit.setStumbles(reference, count))
    } catch (error) {
      if (error instanceof WalkLost) throw error
      this.#setting.log.error({ error, task: reference }, 'stumbles could not be counted')
    }
  }

  async #takeSignal(why: string, note: (unit: Unit) => Promise<void>): Promise<void> {
    const { reference } = this.task
    const word = await this.write(async unit => {
      const said = await unit.takeSignal(reference)
      if (said === undefined) return undefined
      await note(unit)
      if (said === 'undo' && !this.#isToBeUndone) await unit.recordMemo(reference, UNDO_KEY, true)
      return said
    })
    if (word === undefined) throw new Parked(why)
    if (word === 'undo') this.#isToBeUndone = true
  }
}
