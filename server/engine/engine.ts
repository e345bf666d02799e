/** The engine port: what makes a task with outside steps go on after a crash. The saga layer above it is the same for every engine. */
import type { Clock, Random } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Expected, Store, StoredTask, Unit } from '../store/store.ts'

export interface Handle {
  readonly partition: string
  readonly user: string
  readonly id: string
  readonly reference: string
  readonly name: string
  readonly definitionVersion: number
}

export interface Run {
  readonly task: Handle
  /** Aborted when the gateway stops: leave quietly, another start goes on from the memos. */
  readonly signal: AbortSignal
  /** An operator said so: nothing more is begun, and what was done is undone. It may become true in `waitSignal`. */
  readonly isToBeUndone: boolean
  /** An earlier walk ended before it could record what this one does next: it may have done it already. */
  readonly isRepeat: boolean
  /**
   * Runs `work` and records what it returned, or returns what an earlier run recorded. `work` may happen more than once (a
   * crash before the record), its recorded value exists exactly once. Values are JSON. Not to be nested.
   */
  memo<Value>(key: string, work: () => Promise<Value>): Promise<Value>
  /**
   * A memo whose work is the very unit that records it, so that effect and memo are one commit; none is left of a task that
   * `work` finishes. As `write` otherwise.
   */
  record<Value>(key: string, work: (unit: Unit) => Promise<Value>, expected?: Expected): Promise<Value>
  /**
   * One unit of the task's partition by this walk. Every write of a walk goes this way: throws WalkLost, and nothing of it
   * stays, when another walk has claimed the task since.
   */
  write<Value>(work: (unit: Unit) => Promise<Value>, expected?: Expected): Promise<Value>
  /** Wakes `ms` after it first fell asleep, whatever restarts lie between. */
  sleep(key: string, ms: number): Promise<void>
  /** PARKED with the reason `why` until an operator resumes or undoes the task; survives restarts. */
  waitSignal(key: string, why: string): Promise<void>
}

export interface Work {
  walk(run: Run): Promise<void>
  /** Makes it visible that the task waits for an operator. */
  park(run: Run, why: string): Promise<void>
  /** Starts a task in state `waiting` that an earlier process left, if its turn has come. Never rejects. */
  advance(task: StoredTask): Promise<void>
}

export interface Engine {
  start(work: Work): Promise<void>
  /** Goes on with what earlier processes left unfinished. Where several share a store, it goes on looking for that. */
  recover(): Promise<void>
  /**
   * Walks the task unless a process is already at it. Never rejects: a walk that throws is repeated later, and after
   * several times the task is parked. `isFirst` says that no process has been at it before.
   */
  run(task: Handle, options?: { isFirst?: boolean }): void
  /** Aborts the runs and resolves when they have left. */
  stop(): Promise<void>
}

export interface EngineSetting {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** What this build can walk, each by its `definitionName`. */
  readonly definitions: readonly string[]
}

export type EngineMaker = (setting: EngineSetting) => Engine

/** Another walk has claimed the task since. This one has changed nothing, and leaves. */
export class WalkLost extends Error {
  constructor() {
    super('another walk has claimed the task')
    this.name = 'WalkLost'
  }
}

export const definitionName = (name: string, version: number): string => `${name}@${version}`

export type EngineErrorCode = 'ENGINE_SETTING' | 'ENGINE_MISSING' | 'ENGINE_IN_USE' | 'ENGINE_UNAVAILABLE'

/** The engine can't be started here; its message names what to change. */
export class EngineError extends Error {
  readonly code: EngineErrorCode
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EngineError'
    this.code = code
  }
}
