import { type Log, silentLog } from '../log.ts'
import type { Committed } from './store.ts'

export type CommitListener = (commits: readonly Committed[]) => void

/** Who is told of commits. One that throws is logged: it has no part in the commit, and keeps nobody else from going on. */
export class CommitListeners {
  readonly #listeners = new Set<CommitListener>()
  log: Log = silentLog

  /** The returned function takes it away again. */
  add(listener: CommitListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(commits: readonly Committed[]): void {
    if (commits.length === 0) return
    for (const listener of this.#listeners) {
      try {
        listener(commits)
      } catch (error) {
        this.log.error({ error }, 'who listens for commits failed, and did not hear of some')
      }
    }
  }
}
