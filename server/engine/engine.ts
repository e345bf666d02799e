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
  /**
   * Runs `work` and records what it returned, or returns what an earlier run recorded. `work` may happen more than once (a
   * crash before the record), its recorded value exists exactly once. Values are JSON.
   */
  memo<Value>(key: string, work: () => Promise<Value>): Promise<Value>
}

export type Walk = (run: Run) => Promise<void>

export interface Engine {
  start(walk: Walk): void
  /** Walks the task unless this process is already at it. Never rejects: a walk that throws is repeated later. */
  run(task: Handle): void
  /** Aborts the runs and resolves when they have left. */
  stop(): Promise<void>
}
