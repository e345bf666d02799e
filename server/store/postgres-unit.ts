import { createHash } from 'node:crypto'
import { type PostgresGroup, recordKeyOf, type Touching, taskKeyOf } from './postgres-group.ts'
import { prune, renewTexts } from './postgres-maintenance.ts'
import { PendingRows } from './postgres-pending.ts'
import { type Put, rowsOf } from './postgres-put.ts'
import { toText } from './postgres-text.ts'
import type { PostgresView } from './postgres-view.ts'
import { releaseWaiters } from './postgres-waits.ts'
import type {
  Backlog,
  Committed,
  FeedPage,
  FeedSelection,
  FeedWindow,
  ListQuery,
  NewTask,
  OperatorWord,
  RecordVersion,
  Renderer,
  StoredRecord,
  StoredTask,
  TaskAddress,
  TaskQuery,
  Touch,
  Unit,
} from './store.ts'

/**
 * One unit of work inside a group's transaction. What it changes is held back and joins the group's when it has come to its
 * end. Only what is rare is done in the database at once, behind a savepoint.
 */
export class PostgresUnit implements Unit {
  readonly #group: PostgresGroup
  readonly #renderer: Renderer | undefined
  readonly #puts = new Map<string, Put>()
  readonly #rows = new PendingRows()
  readonly #tasks = new Map<string, StoredTask>()
  readonly #waiting = new Map<number, boolean>()
  #isSaved = false

  constructor(group: PostgresGroup, renderer: Renderer | undefined) {
    this.#group = group
    this.#renderer = renderer
  }

  /** There is a savepoint to go back to. */
  get isSaved(): boolean {
    return this.#isSaved
  }

  async record(partition: string, type: string, key: string): Promise<StoredRecord | undefined> {
    const put = partition === this.#group.partition ? this.#puts.get(`${type}:${key}`) : undefined
    return put?.record ?? (await this.#knownRecord(partition, type, key)) ?? undefined
  }

  async task(address: TaskAddress): Promise<StoredTask | undefined> {
    const { known, partition, view } = this.#group
    if (address.partition !== partition) return view.task(address)
    const key = taskKeyOf(address)
    const own = this.#tasks.get(key)
    if (own !== undefined) return own
    let task = known.tasks.get(key)
    if (task === undefined) {
      task = (await view.task(address)) ?? null
      known.tasks.set(key, task)
    }
    return task ?? undefined
  }

  async memo(reference: string, key: string): Promise<{ value: unknown } | undefined> {
    for (const rows of [this.#rows, this.#group.rows]) {
      const memo = rows.memos.find(each => each.reference === reference && each.key === key)
      if (memo !== undefined) return { value: memo.value ?? null }
      if (rows.dropped.has(reference)) return undefined
    }
    return this.#group.view.memo(reference, key)
  }

  async walker(reference: string): Promise<string | null> {
    const own = this.#rows.walkers.get(reference)
    if (own !== undefined) return own
    const { known } = this.#group
    if (!known.walkers.has(reference)) await this.#group.readWalks([reference])
    return known.walkers.get(reference) ?? null
  }

  async list(query: ListQuery): Promise<StoredRecord[]> {
    return (await this.#settled()).list(query)
  }

  async changed(partition: string, selections: readonly FeedSelection[], window: FeedWindow): Promise<FeedPage> {
    return (await this.#settled()).changed(partition, selections, window)
  }

  async changedTexts(...query: Parameters<PostgresView['changedTexts']>): ReturnType<PostgresView['changedTexts']> {
    return (await this.#settled()).changedTexts(...query)
  }

  async head(partition: string): Promise<number> {
    return (await this.#settled()).head(partition)
  }

  async heads(partitions: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return (await this.#settled()).heads(partitions)
  }

  async pruned(partition: string): Promise<number> {
    return (await this.#settled()).pruned(partition)
  }

  async versions(partition: string, type: string, key: string, fromVersion: number): Promise<RecordVersion[]> {
    return (await this.#settled()).versions(partition, type, key, fromVersion)
  }

  async tasks(query: TaskQuery): ReturnType<PostgresView['tasks']> {
    return (await this.#settled()).tasks(query)
  }

  async unfinished(): Promise<StoredTask[]> {
    return (await this.#settled()).unfinished()
  }

  async due(first: number): Promise<StoredTask[]> {
    return (await this.#settled()).due(first)
  }

  async backlog(): Promise<Backlog> {
    return (await this.#settled()).backlog()
  }

  async stumbles(reference: string): Promise<number> {
    return (await this.#settled()).stumbles(reference)
  }

  async signalled(): Promise<string[]> {
    return (await this.#settled()).signalled()
  }

  async outlived(finishedBefore: number, first: number): Promise<StoredTask[]> {
    return (await this.#settled()).outlived(finishedBefore, first)
  }

  put(record: StoredRecord, options: { keepVersion: boolean; writtenBy: RecordVersion['writtenBy'] }): void {
    const { partition } = this.#group
    if (record.partition !== partition) throw new Error(`a unit of ${partition} can't write to ${record.partition}`)
    this.#puts.set(`${record.type}:${record.key}`, { record, ...options })
  }

  async takeTask(task: NewTask): Promise<StoredTask> {
    if ((await this.task(task)) !== undefined) throw new Error(`the id of task ${task.id} is taken`)
    const reference = await this.#freeReference(task)
    const number = await this.#group.number()
    const finishedAt = task.state === 'finished' ? task.takenAt : null
    const taken: StoredTask = { ...task, number, reference, finishedAt, parked: null, expired: false }
    this.#rows.take(taken)
    this.#tasks.set(taskKeyOf(taken), taken)
    this.#waiting.set(number, false)
    return taken
  }

  /** As in SQLite's unit: a user who copies another's id gets a reference of his own. */
  async #freeReference({ partition, user, id }: TaskAddress): Promise<string> {
    const { known } = this.#group
    if (!known.references.has(id)) await this.#group.readReferences([id])
    const pending = [...this.#rows.taken.values()]
    if (known.references.get(id) !== true && !pending.some(({ reference }) => reference === id)) return id
    return `${id}~${createHash('sha256')
      .update(JSON.stringify([partition, user]))
      .digest('hex')
      .slice(0, 32)}`
  }

  async changeTask(task: StoredTask, change: Parameters<Unit['changeTask']>[1]): Promise<StoredTask> {
    const next = { ...task, ...change }
    this.#rows.change(next)
    this.#tasks.set(taskKeyOf(next), next)
    return next
  }

  async inTheWay(partition: string, touches: readonly Touch[]): Promise<StoredTask[]> {
    const { known } = this.#group
    if (touches.length === 0) return []
    if (partition !== this.#group.partition)
      throw new Error(`a unit of ${this.#group.partition} can't ask about ${partition}`)
    const unknown = touches.map(({ record }) => record).filter(record => !known.touching.has(record))
    if (unknown.length > 0) {
      // What the group has not written yet is not in the table.
      await this.#group.flush()
      await this.#group.readTouching(unknown)
    }
    const found = new Map<number, StoredTask>()
    for (const { record, writes } of touches) {
      const all = this.#touching(record)
      const lastWriter = Math.max(0, ...[...all].filter(([, each]) => each.writes).map(([number]) => number))
      for (const [number, each] of all) {
        if (number >= lastWriter && (each.writes || writes)) found.set(number, each.task)
      }
    }
    return Promise.all([...found.values()].map(async task => (await this.task(task)) ?? task))
  }

  #touching(record: string): Map<number, Touching> {
    const all = new Map(this.#group.known.touching.get(record))
    for (const [number, touches] of this.#rows.touches) {
      const task = this.#rows.taken.get(number)
      const touch = touches.find(each => each.record === record)
      if (task !== undefined && touch !== undefined) all.set(number, { writes: touch.writes, task })
    }
    for (const number of this.#rows.released.keys()) all.delete(number)
    return all
  }

  async waitFor(waiter: StoredTask, blockers: readonly StoredTask[]): Promise<void> {
    for (const { number } of blockers) {
      this.#rows.waits.push([number, waiter.number])
      this.#waiting.set(number, true)
    }
    if (blockers.length > 0) this.#waiting.set(waiter.number, true)
  }

  async isBlocked(task: StoredTask): Promise<boolean> {
    if (this.#isWaiting(task) === false) return false
    const { queries } = await this.#settled()
    const sql = 'select 1 from layover.waits where waiter = $1 limit 1'
    return (await queries.all({ sql, values: [task.number] })).length > 0
  }

  #isWaiting({ number }: StoredTask): boolean | undefined {
    return this.#waiting.get(number) ?? this.#group.known.waiting.get(number)
  }

  async release(task: StoredTask): Promise<StoredTask[]> {
    if (this.#isWaiting(task) === false) {
      this.#rows.release(task)
      return []
    }
    return this.#directly(() => releaseWaiters(this.#group.queries, task))
  }

  async recordMemo(reference: string, key: string, value: unknown): Promise<void> {
    // One statement can't take away a row and write another of its name.
    if (this.#rows.dropped.has(reference) || this.#group.rows.dropped.has(reference)) await this.#settled()
    this.#rows.memos.push({ reference, key, value })
  }

  async dropMemos(reference: string): Promise<void> {
    this.#rows.drop(reference)
  }

  async setStumbles(reference: string, count: number): Promise<void> {
    this.#rows.stumbles.set(reference, count)
  }

  async setWalker(reference: string, token: string): Promise<void> {
    this.#rows.walkers.set(reference, token)
  }

  takeSignal(reference: string): Promise<OperatorWord | undefined> {
    return this.#directly(async () => {
      const [said] = await this.#group.queries.all<{ action: OperatorWord }>({
        sql: `with said as (delete from layover.signal where reference = $1 returning action),
 taken_up as (update layover.task set parked = null where reference = $1 and exists (select 1 from said))
 select action from said`,
        values: [toText(reference)],
      })
      return said?.action
    })
  }

  expire(task: StoredTask): Promise<void> {
    return this.#directly(async () => {
      await this.#group.queries.all({
        sql: `update layover.task set expired = true, args = '{}', payload = '{}', touches = '[]', after = '[]', contested = null
 where number = $1`,
        values: [task.number],
      })
    })
  }

  prune(before: number, limit: number): Promise<number> {
    return this.#directly(() => prune(this.#group.queries, before, limit))
  }

  renewTexts(limit: number): Promise<number> {
    const renderer = this.#renderer
    if (renderer === undefined) return Promise.resolve(0)
    return this.#directly(() => renewTexts(this.#group.queries, renderer, limit))
  }

  /** Joins the group: numbers what was put. Nothing of it stays when this throws. Undefined when no record changed. */
  async join(): Promise<Committed | undefined> {
    const before = new Map<string, StoredRecord | null>()
    for (const [name, { record }] of this.#puts) {
      before.set(name, (await this.#knownRecord(record.partition, record.type, record.key)) ?? null)
    }
    const written = [...this.#puts].map(([name, put]) => rowsOf(put, before.get(name) ?? null, this.#renderer))
    const { known, rows, records, partition } = this.#group
    rows.add(this.#rows)
    for (const [key, task] of this.#tasks) known.tasks.set(key, task)
    for (const [number, waiting] of this.#waiting) known.waiting.set(number, waiting)
    for (const [reference, token] of this.#rows.walkers) known.walkers.set(reference, token)
    for (const task of this.#rows.taken.values()) known.references.set(task.reference, true)
    for (const [number, touches] of this.#rows.touches) {
      const task = this.#rows.taken.get(number) as StoredTask
      for (const { record, writes } of touches) known.touching.get(record)?.set(number, { writes, task })
    }
    for (const [number, touches] of this.#rows.released) {
      for (const { record } of touches) known.touching.get(record)?.delete(number)
    }
    if (written.length === 0) return undefined
    const owners = new Set<string | null>()
    for (const { put, row, version, leaves, returns } of written) {
      const { record } = put
      const name = `${record.type}:${record.key}`
      const change = this.#group.nextChange()
      owners.add(record.owner)
      records.rows.set(name, { ...row, change })
      if (version !== undefined) records.versions.push(version)
      if (returns !== undefined) {
        records.returned.set(`${name}:${returns.owner}`, returns)
        records.departed.delete(`${name}:${returns.owner}`)
      }
      if (leaves !== undefined) {
        owners.add(leaves.from)
        records.departed.set(`${name}:${leaves.row.owner}`, { ...leaves.row, change })
        records.returned.delete(`${name}:${leaves.row.owner}`)
      }
      known.records.set(recordKeyOf(partition, record.type, record.key), record)
    }
    return { partition, owners, head: this.#group.head }
  }

  async #knownRecord(partition: string, type: string, key: string): Promise<StoredRecord | null> {
    const { known, view } = this.#group
    const name = recordKeyOf(partition, type, key)
    let record = known.records.get(name)
    if (record === undefined) {
      record = (await view.record(partition, type, key)) ?? null
      known.records.set(name, record)
    }
    return record
  }

  /** The database shows all that earlier units wrote, and the rows of this one; its own records not yet. */
  async #settled(): Promise<PostgresView> {
    await this.#group.flush()
    if (!this.#isSaved) {
      await this.#group.queries.all({ sql: 'savepoint unit' })
      this.#isSaved = true
    }
    if (!this.#rows.isEmpty) {
      await this.#group.queries.all(this.#rows.query(this.#group.partition, null))
      this.#rows.clear()
      this.#group.written()
      this.#group.known.touching.clear()
      this.#group.known.walkers.clear()
      this.#group.known.references.clear()
    }
    return this.#group.view
  }

  async #directly<Value>(work: () => Promise<Value>): Promise<Value> {
    await this.#settled()
    const value = await work()
    this.#group.written()
    this.#group.known.forget()
    this.#tasks.clear()
    this.#waiting.clear()
    return value
  }
}
