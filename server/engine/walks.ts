/** The walks of this process, the same for every engine: repeated when they throw, parked when they never get further. */
import { setMaxListeners } from 'node:events'
import { backoffMs, pause, type Random } from '../../protocol/index.ts'
import { StoreError } from '../store/store.ts'
import { type Handle, WalkLost, type Work } from './engine.ts'
import { MOST_STUMBLES, Parked, Walk, type WalkSetting } from './walk.ts'

const TOO_MANY_DEATHS = 'the gateway ended several times while it worked on this task'
const FIRST_REPEAT_MS = 250
const LAST_REPEAT_MS = 60_000
/** Walks that threw in this process before a task is parked. */
const MOST_FAILURES = 5
/** From so many stumbles on a task walks alone, so that the next death tells the culprit from those that were merely there. */
const SUSPECT_STUMBLES = 3

/** lost: another walk has the task. stopped: it has more to do, and the gateway stops. */
export type Ending = 'over' | 'parked' | 'lost' | 'stopped'

export interface WalksSetting extends WalkSetting {
  readonly random: Random
}

interface Beginning {
  /** Fences the writes of this walk; unique. */
  readonly token: string
  readonly isFirst: boolean
}

export class Walks {
  readonly #setting: WalksSetting
  readonly #active = new Map<string, Promise<Ending>>()
  /** Suspects, one after the other. */
  #alone: Promise<void> = Promise.resolve()
  readonly #stopping = new AbortController()

  constructor(setting: WalksSetting) {
    this.#setting = setting
    // Every task under way listens to it: a thousand listeners are a thousand tasks, and no leak.
    setMaxListeners(0, this.#stopping.signal)
  }

  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  isUnderWay(reference: string): boolean {
    return this.#active.has(reference)
  }

  /** How the walk that this process has under way, or else begins now, ends. Never rejects. */
  walk(task: Handle, work: Work, beginning: Beginning): Promise<Ending> {
    const { reference } = task
    let walk = this.#active.get(reference)
    if (walk === undefined) {
      walk = this.#persist(task, work, beginning).finally(() => this.#active.delete(reference))
      this.#active.set(reference, walk)
    }
    return walk
  }

  /** Aborts the walks and resolves when they have left. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the gateway stops'))
    await Promise.all(this.#active.values())
  }

  async #persist(task: Handle, work: Work, { token, isFirst }: Beginning): Promise<Ending> {
    const { clock, random, log } = this.#setting
    const { signal } = this.#stopping
    let [failures, lastFailure, hasClaimed] = [0, '', isFirst]
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const isFresh = isFirst && attempt === 1
      const walk = new Walk(this.#setting, { task, signal, token, isFresh })
      let leave = (): void => undefined
      try {
        if (!isFresh) {
          leave = await this.#turn(task)
          await walk.claim({ isMine: hasClaimed, leave })
          hasClaimed = true
        }
        if (failures >= MOST_FAILURES) await walk.excuse(`its code failed several times: ${lastFailure}`)
        else if (walk.stumbles >= MOST_STUMBLES) await walk.excuse(TOO_MANY_DEATHS)
        await work.walk(walk)
        // It left alive, perhaps for a build that has its definition: that is no stumble.
        await walk.takeBackStumble()
        return 'over'
      } catch (thrown) {
        leave()
        const ending = await this.#endingOf(thrown, walk, work)
        if (typeof ending === 'string') return ending
        const { error } = ending
        if (walk.hasProgressed) failures = 0
        if (!(error instanceof StoreError)) [failures, lastFailure] = [failures + 1, nameOf(error)]
        log.error({ error, task: task.reference, attempt }, 'a task stumbled and will be taken up again')
        const delayMs = backoffMs(attempt, random, FIRST_REPEAT_MS, LAST_REPEAT_MS)
        await pause(clock, delayMs, signal).catch(() => undefined)
      } finally {
        leave()
      }
    }
    return 'stopped'
  }

  /** What a walk that threw has come to; the error, if it is to be repeated. */
  async #endingOf(thrown: unknown, walk: Walk, work: Work): Promise<Ending | { error: unknown }> {
    if (thrown instanceof WalkLost) return 'lost'
    try {
      if (thrown instanceof Parked) {
        await walk.rest()
        // Where it fails, nobody would see that it waits, nor could say anything about it: it walks to the same place again.
        await work.park(walk, thrown.message)
        return 'parked'
      }
      if (!this.signal.aborted) return { error: thrown }
    } catch (error) {
      if (error instanceof WalkLost) return 'lost'
      if (!this.signal.aborted) return { error }
    }
    return walk.takeBackStumble().then(
      () => 'stopped',
      () => 'lost',
    )
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
}

/** A failure's class or code: its text may hold what a person typed. */
function nameOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown'
}
