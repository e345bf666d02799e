/** The engine port: what makes a task with outside steps go on after a crash. The saga layer above it is the same for every engine. */

export interface Handle {
  readonly partition: string
  readonly user: string
  readonly id: string
  readonly reference: string
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
  /** Wakes `ms` after it first fell asleep, whatever restarts lie between. */
  sleep(key: string, ms: number): Promise<void>
  /** PARKED with the reason `why` until an operator resumes or undoes the task; survives restarts. */
  waitSignal(key: string, why: string): Promise<void>
}

export interface Work {
  walk(run: Run): Promise<void>
  /** Makes it visible that the task waits for an operator. */
  park(task: Handle, why: string): Promise<void>
}

export interface Engine {
  start(work: Work): void
  /**
   * Walks the task unless this process is already at it. Never rejects: a walk that throws is repeated later, and after
   * several times the task is parked. `isFirst` says that no process has been at it before.
   */
  run(task: Handle, options?: { isFirst?: boolean }): void
  /** Aborts the runs and resolves when they have left. */
  stop(): Promise<void>
}
