import { createHash } from 'node:crypto'
import { prune, renewTexts } from './sqlite-maintenance.ts'
import type { SqliteStatements } from './sqlite-statements.ts'
import { type SqliteView, type TaskRow, taskOf } from './sqlite-view.ts'
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

interface Put {
  record: StoredRecord
  keepVersion: boolean
  writtenBy: RecordVersion['writtenBy']
}

export interface UnitSetting {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly renderer: Renderer | undefined
}

/** One unit of work inside the writer's transaction. Records are held back until `flush`, which numbers them. */
export class SqliteUnit implements Unit {
  readonly #statements: SqliteStatements
  readonly #view: SqliteView
  readonly #partition: string
  readonly #now: number
  readonly #renderer: Renderer | undefined
  readonly #puts = new Map<string, Put>()

  constructor(view: SqliteView, partition: string, { now, renderer }: UnitSetting) {
    this.#statements = view.statements
    this.#view = view
    this.#partition = partition
    this.#now = now
    this.#renderer = renderer
  }

  async record(partition: string, type: string, key: string): Promise<StoredRecord | undefined> {
    const put = partition === this.#partition ? this.#puts.get(`${type}:${key}`) : undefined
    return put?.record ?? this.#view.record(partition, type, key)
  }

  list(query: ListQuery): Promise<StoredRecord[]> {
    return this.#view.list(query)
  }

  changed(partition: string, selections: readonly FeedSelection[], window: FeedWindow): Promise<FeedPage> {
    return this.#view.changed(partition, selections, window)
  }

  changedTexts(...query: Parameters<SqliteView['changedTexts']>): ReturnType<SqliteView['changedTexts']> {
    return this.#view.changedTexts(...query)
  }

  head(partition: string): Promise<number> {
    return this.#view.head(partition)
  }

  heads(partitions: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#view.heads(partitions)
  }

  pruned(partition: string): Promise<number> {
    return this.#view.pruned(partition)
  }

  versions(partition: string, type: string, key: string, fromVersion: number): Promise<RecordVersion[]> {
    return this.#view.versions(partition, type, key, fromVersion)
  }

  task(address: TaskAddress): Promise<StoredTask | undefined> {
    return this.#view.task(address)
  }

  tasks(query: TaskQuery): ReturnType<SqliteView['tasks']> {
    return this.#view.tasks(query)
  }

  unfinished(): Promise<StoredTask[]> {
    return this.#view.unfinished()
  }

  backlog(): Promise<Backlog> {
    return this.#view.backlog()
  }

  memo(reference: string, key: string): Promise<{ value: unknown } | undefined> {
    return this.#view.memo(reference, key)
  }

  due(first: number): Promise<StoredTask[]> {
    return this.#view.due(first)
  }

  stumbles(reference: string): Promise<number> {
    return this.#view.stumbles(reference)
  }

  walker(reference: string): Promise<string | null> {
    return this.#view.walker(reference)
  }

  signalled(): Promise<string[]> {
    return this.#view.signalled()
  }

  outlived(finishedBefore: number, first: number): Promise<StoredTask[]> {
    return this.#view.outlived(finishedBefore, first)
  }

  put(record: StoredRecord, options: { keepVersion: boolean; writtenBy: RecordVersion['writtenBy'] }): void {
    if (record.partition !== this.#partition) {
      throw new Error(`a unit of ${this.#partition} can't write to ${record.partition}`)
    }
    this.#puts.set(`${record.type}:${record.key}`, { record, ...options })
  }

  async takeTask(task: NewTask): Promise<StoredTask> {
    const reference = this.#freeReference(task)
    const { lastInsertRowid } = this.#statements.run(
      `insert into task (partition, user, id, name, definition_version, input_hash, args, viewer, client, sequence, after,
         touches, status, state, reference, payload, contested, taken_at, finished_at, token)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      task.partition,
      task.user,
      task.id,
      task.name,
      task.definitionVersion,
      task.inputHash,
      JSON.stringify(task.args),
      JSON.stringify(task.viewer),
      task.client,
      task.sequence,
      JSON.stringify(task.after),
      JSON.stringify(task.touches),
      task.status,
      task.state,
      reference,
      JSON.stringify(task.payload),
      task.contested === null ? null : JSON.stringify(task.contested),
      task.takenAt,
      task.state === 'finished' ? task.takenAt : null,
      task.token,
    )
    const number = Number(lastInsertRowid)
    if (task.state !== 'finished') {
      for (const { record, writes } of task.touches) {
        this.#statements.run('insert into touch values (?, ?, ?, ?)', task.partition, record, number, writes ? 1 : 0)
      }
    }
    const finishedAt = task.state === 'finished' ? task.takenAt : null
    return { ...task, number, reference, finishedAt, parked: null, expired: false }
  }

  /**
   * Suppliers know a task by its id alone, and ids are chosen by clients. A user who copies another's id gets a reference of
   * his own, so that neither can reach the other's reservations.
   */
  #freeReference({ partition, user, id }: TaskAddress): string {
    const taken = this.#statements.one('select 1 from task where reference = ?', id)
    if (taken === undefined) return id
    return `${id}~${createHash('sha256')
      .update(JSON.stringify([partition, user]))
      .digest('hex')
      .slice(0, 32)}`
  }

  async changeTask(task: StoredTask, change: Parameters<Unit['changeTask']>[1]): Promise<StoredTask> {
    const next = { ...task, ...change }
    this.#statements.run(
      'update task set status = ?, state = ?, payload = ?, contested = ?, finished_at = ?, parked = ? where number = ?',
      next.status,
      next.state,
      JSON.stringify(next.payload),
      next.contested === null ? null : JSON.stringify(next.contested),
      next.finishedAt,
      next.parked === null ? null : JSON.stringify(next.parked),
      next.number,
    )
    return next
  }

  async inTheWay(partition: string, touches: readonly Touch[]): Promise<StoredTask[]> {
    if (touches.length === 0) return []
    const rows = this.#statements.all<TaskRow>(
      `select distinct t.* from json_each(?) wanted
       join touch on touch.partition = ? and touch.record = wanted.value ->> 'record'
       join task t on t.number = touch.number
       where touch.number >= coalesce(
         (select max(w.number) from touch w where w.partition = touch.partition and w.record = touch.record and w.writes = 1), 0)
       and (touch.writes = 1 or wanted.value ->> 'writes')`,
      JSON.stringify(touches),
      partition,
    )
    return rows.map(taskOf)
  }

  async waitFor(waiter: StoredTask, blockers: readonly StoredTask[]): Promise<void> {
    for (const { number } of blockers) {
      this.#statements.run('insert or ignore into waits values (?, ?)', number, waiter.number)
    }
  }

  async isBlocked(task: StoredTask): Promise<boolean> {
    return this.#statements.one('select 1 from waits where waiter = ? limit 1', task.number) !== undefined
  }

  async release(task: StoredTask): Promise<StoredTask[]> {
    for (const { record } of task.touches) {
      // One that is withdrawn while it waits was all that kept those behind it from overtaking those before it.
      this.#statements.run(
        `insert or ignore into waits select mine.blocker, theirs.waiter from waits mine
         join touch before on before.partition = ? and before.record = ? and before.number = mine.blocker
         join waits theirs on theirs.blocker = mine.waiter
         join touch behind on behind.partition = before.partition and behind.record = before.record and behind.number = theirs.waiter
         where mine.waiter = ? and (before.writes = 1 or behind.writes = 1)`,
        task.partition,
        record,
        task.number,
      )
      this.#statements.run(
        'delete from touch where partition = ? and record = ? and number = ?',
        task.partition,
        record,
        task.number,
      )
    }
    this.#statements.run('delete from waits where waiter = ?', task.number)
    const freed = this.#statements.all<TaskRow>(
      `select t.* from waits w join task t on t.number = w.waiter where w.blocker = ?
       and not exists (select 1 from waits other where other.waiter = w.waiter and other.blocker <> w.blocker) order by t.number`,
      task.number,
    )
    this.#statements.run('delete from waits where blocker = ?', task.number)
    return freed.map(taskOf)
  }

  async recordMemo(reference: string, key: string, value: unknown): Promise<void> {
    this.#statements.run('insert into memo values (?, ?, ?)', reference, key, JSON.stringify(value ?? null))
  }

  async dropMemos(reference: string): Promise<void> {
    this.#statements.run('delete from memo where reference = ?', reference)
    this.#statements.run('delete from signal where reference = ?', reference)
  }

  async setStumbles(reference: string, count: number): Promise<void> {
    this.#statements.run('update task set walks = ? where reference = ?', count, reference)
  }

  async setWalker(reference: string, token: string): Promise<void> {
    this.#statements.run('update task set walker = ? where reference = ?', token, reference)
  }

  async takeSignal(reference: string): Promise<OperatorWord | undefined> {
    const said = this.#statements.one<{ action: OperatorWord }>(
      'delete from signal where reference = ? returning action',
      reference,
    )
    if (said !== undefined) this.#statements.run('update task set parked = null where reference = ?', reference)
    return said?.action
  }

  async expire(task: StoredTask): Promise<void> {
    this.#statements.run(
      `update task set expired = 1, args = '{}', payload = '{}', touches = '[]', after = '[]', contested = null where number = ?`,
      task.number,
    )
  }

  async prune(before: number, limit: number): Promise<number> {
    return prune(this.#statements, before, limit)
  }

  async renewTexts(limit: number): Promise<number> {
    return this.#renderer === undefined ? 0 : renewTexts(this.#statements, this.#renderer, limit)
  }

  /** Numbers and writes what was put; undefined when that was nothing. The last thing before the commit. */
  flush(): Committed | undefined {
    const owners = new Set<string | null>()
    if (this.#puts.size === 0) return undefined
    const head = this.#statements.one<{ head: number }>(
      `insert into partition values (?, ?) on conflict (name) do update set head = head + excluded.head returning head`,
      this.#partition,
      this.#puts.size,
    )
    let change = (head?.head ?? 0) - this.#puts.size
    for (const put of this.#puts.values()) {
      change += 1
      this.#write(put, change, owners)
    }
    return { partition: this.#partition, owners, head: change }
  }

  #write({ record, keepVersion, writtenBy }: Put, change: number, owners: Set<string | null>): void {
    const { partition, type, key, owner } = record
    const entity = JSON.stringify(record.entity)
    const before = this.#statements.one<{ owner: string | null }>(
      'select owner from record where partition = ? and type = ? and key = ?',
      partition,
      type,
      key,
    )
    owners.add(owner)
    if (before !== undefined && before.owner !== null && before.owner !== owner) {
      owners.add(before.owner)
      this.#depart(record, before.owner, change)
    }
    if (owner !== null) {
      this.#statements.run(
        'delete from departed where partition = ? and type = ? and key = ? and owner = ?',
        partition,
        type,
        key,
        owner,
      )
    }
    const shape = record.deleted ? null : (this.#renderer?.shapeOf(type) ?? null)
    this.#statements.run(
      `insert into record (partition, type, key, change, owner, deleted, entity, text, shape, changed_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (partition, type, key) do update set change = excluded.change, owner = excluded.owner, deleted = excluded.deleted,
         entity = excluded.entity, text = excluded.text, shape = excluded.shape, changed_at = excluded.changed_at`,
      partition,
      type,
      key,
      change,
      owner,
      record.deleted ? 1 : 0,
      entity,
      shape === null ? null : (this.#renderer?.text(record.entity) ?? null),
      shape,
      this.#now,
    )
    if (keepVersion) this.#keepVersion(record, entity, writtenBy)
  }

  /** The departure shares its number with the row itself: they are never sent to the same reader. */
  #depart({ partition, type, key, entity: { id, version } }: StoredRecord, owner: string, change: number): void {
    this.#statements.run(
      'insert or replace into departed (partition, type, key, owner, change, entity, changed_at) values (?, ?, ?, ?, ?, ?, ?)',
      partition,
      type,
      key,
      owner,
      change,
      JSON.stringify({ __typename: type, id, version }),
      this.#now,
    )
  }

  #keepVersion(
    { partition, type, key, entity: { version } }: StoredRecord,
    entity: string,
    by: Put['writtenBy'],
  ): void {
    this.#statements.run(
      'update version set replaced_at = ? where partition = ? and type = ? and key = ? and replaced_at is null',
      this.#now,
      partition,
      type,
      key,
    )
    this.#statements.run(
      'insert into version (partition, type, key, version, entity, user, client) values (?, ?, ?, ?, ?, ?, ?)',
      partition,
      type,
      key,
      version,
      entity,
      by?.user ?? null,
      by?.client ?? null,
    )
  }
}
