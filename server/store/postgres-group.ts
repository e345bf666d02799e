/**
 * One transaction of units of one partition. It holds the partition's row from its beginning, so what it has read of the
 * partition stays true until its commit, whichever gateway asks beside it; it reads ahead what its units expect, and writes
 * what they changed in as few statements as there are kinds of rows.
 */
import type { Queries, Query } from './postgres-connection.ts'
import { PendingRecords, PendingRows, runAll, writesOf } from './postgres-pending.ts'
import { RECORD_COLUMNS, type RecordRow, recordOf, TASK, type TaskRow, taskOf } from './postgres-rows.ts'
import { fromText, fromTextOrNull, toText } from './postgres-text.ts'
import { PostgresView } from './postgres-view.ts'
import type { Expected, StoredRecord, StoredTask, TaskAddress } from './store.ts'

export interface Touching {
  readonly writes: boolean
  readonly task: StoredTask
}

/** What is known of the partition: rows as they are for the units to come. null: there is none. */
export class Knowledge {
  readonly tasks = new Map<string, StoredTask | null>()
  readonly records = new Map<string, StoredRecord | null>()
  /** By reference. */
  readonly walkers = new Map<string, string | null>()
  /** By number: whether anybody waits for the task, or it for anybody. */
  readonly waiting = new Map<number, boolean>()
  /** By record and number. */
  readonly touching = new Map<string, Map<number, Touching>>()
  readonly references = new Map<string, boolean>()

  forget(): void {
    for (const each of [this.tasks, this.records, this.walkers, this.waiting, this.touching, this.references])
      each.clear()
  }
}

export const taskKeyOf = ({ user, id }: Pick<TaskAddress, 'user' | 'id'>): string => JSON.stringify([user, id])
export const recordKeyOf = (partition: string, type: string, key: string): string => `${partition}\n${type}:${key}`

export class PostgresGroup {
  readonly partition: string
  readonly now: number
  readonly view: PostgresView
  readonly known = new Knowledge()
  readonly rows = new PendingRows()
  readonly records = new PendingRecords()
  readonly #queries: Queries
  #head = 0
  #hasWritten = false
  readonly #numbers: number[] = []

  /** `now` in milliseconds since the epoch. */
  constructor(queries: Queries, partition: string, now: number) {
    this.#queries = queries
    this.partition = partition
    this.now = now
    this.view = new PostgresView(queries)
  }

  /** The partition's row is held, and this is its head. */
  startAt(head: number): void {
    this.#head = head
  }

  /** What was read before the row was held may have changed. */
  reset(): void {
    this.known.forget()
    this.#numbers.length = 0
  }

  get queries(): Queries {
    return this.#queries
  }

  get head(): number {
    return this.#head
  }

  /** Something of it is in the transaction or about to be. */
  get hasChanges(): boolean {
    return this.#hasWritten || !this.rows.isEmpty || !this.records.isEmpty
  }

  nextChange(): number {
    this.#head += 1
    return this.#head
  }

  /** Reads what the units will ask for. All statements leave at once. */
  async expect(all: readonly Expected[]): Promise<void> {
    const tasks = unique(
      all.flatMap(({ tasks: addresses = [] }) => addresses),
      taskKeyOf,
    ).filter(({ partition }) => partition === this.partition)
    const records = unique(
      all.flatMap(expected => expected.records ?? []),
      record => record,
    )
    const touches = unique(
      all.flatMap(expected => (expected.touches ?? []).map(({ record }) => record)),
      record => record,
    )
    const walks = unique(
      all.flatMap(expected => expected.walks ?? []),
      reference => reference,
    )
    const takes = all.reduce((sum, expected) => sum + (expected.takes ?? 0), 0)
    await Promise.all([
      tasks.length > 0 && this.#readTasks(tasks),
      records.length > 0 && this.#readRecords(records),
      touches.length > 0 && this.readTouching(touches),
      walks.length > 0 && this.readWalks(walks),
      takes > 0 && this.#readNumbers(takes),
      takes > 0 && tasks.length > 0 && this.readReferences(tasks.map(({ id }) => id)),
    ])
  }

  async number(): Promise<number> {
    if (this.#numbers.length === 0) await this.#readNumbers(1)
    return this.#numbers.shift() as number
  }

  /** Writes what is pending, so that a statement can see it. */
  async flush(): Promise<void> {
    await runAll(this.#queries, this.#statements(null))
    this.flushed()
  }

  /** What is left to write, with a mark by which the commit is known afterwards. */
  closing(mark: string): Query[] {
    const statements = this.#statements(mark)
    return statements.length > 0
      ? statements
      : [{ sql: 'insert into layover.commit_mark (id) values ($1)', values: [mark] }]
  }

  #statements(mark: string | null): Query[] {
    return writesOf(this.partition, { rows: this.rows, records: this.records, head: this.#head, now: this.now }, mark)
  }

  written(): void {
    this.#hasWritten = true
  }

  flushed(): void {
    this.#hasWritten = this.hasChanges
    this.rows.clear()
    this.records.clear()
  }

  async readTouching(records: readonly string[]): Promise<void> {
    const rows = await this.#queries.all<TaskRow & { record: string; writes: boolean }>({
      sql: `select o.record, o.writes, found.* from layover.touch o cross join lateral (
  select ${TASK} from layover.task t where t.number = o.number offset 0) found
 where o.partition = $1 and o.record = any($2)`,
      values: [toText(this.partition), records.map(toText)],
    })
    for (const record of records) this.known.touching.set(record, new Map())
    for (const { record, writes, ...row } of rows) {
      const task = taskOf(row)
      this.known.touching.get(fromText(record))?.set(task.number, { writes, task })
      if (!this.known.tasks.has(taskKeyOf(task))) this.known.tasks.set(taskKeyOf(task), task)
    }
  }

  async readWalks(references: readonly string[]): Promise<void> {
    const rows = await this.#queries.all<{
      number: number
      reference: string
      walker: string | null
      waiting: boolean
    }>({
      sql: `select number, reference, walker,
 exists (select 1 from layover.waits w where w.blocker = t.number) or exists (select 1 from layover.waits w where w.waiter = t.number) as waiting
 from layover.task t where reference = any($1)`,
      values: [references.map(toText)],
    })
    for (const reference of references) this.known.walkers.set(reference, null)
    for (const { number, reference, walker, waiting } of rows) {
      this.known.walkers.set(fromText(reference), fromTextOrNull(walker))
      // What units of this group have said of it may not be written yet.
      if (!this.known.waiting.has(number)) this.known.waiting.set(number, waiting)
    }
  }

  async readReferences(ids: readonly string[]): Promise<void> {
    const rows = await this.#queries.all<{ reference: string }>({
      sql: 'select reference from layover.task where reference = any($1)',
      values: [ids.map(toText)],
    })
    for (const id of ids) this.known.references.set(id, false)
    for (const { reference } of rows) this.known.references.set(fromText(reference), true)
  }

  async #readTasks(addresses: readonly TaskAddress[]): Promise<void> {
    const rows = await this.#queries.all<TaskRow>({
      sql: `select found.* from unnest($2::text[], $3::text[]) wanted("user", id) cross join lateral (
  select ${TASK} from layover.task t where t.partition = $1 and t."user" = wanted."user" and t.id = wanted.id offset 0) found`,
      values: [
        toText(this.partition),
        addresses.map(({ user }) => toText(user)),
        addresses.map(({ id }) => toText(id)),
      ],
    })
    for (const address of addresses) this.known.tasks.set(taskKeyOf(address), null)
    for (const task of rows.map(taskOf)) this.known.tasks.set(taskKeyOf(task), task)
  }

  async #readRecords(named: readonly string[]): Promise<void> {
    const wanted = named.map(record => {
      const colon = record.indexOf(':')
      return { type: record.slice(0, colon), key: record.slice(colon + 1) }
    })
    const rows = await this.#queries.all<RecordRow>({
      sql: `select found.* from unnest($2::text[], $3::text[]) wanted(type, key) cross join lateral (
  select ${RECORD_COLUMNS} from layover.record r where r.partition = $1 and r.type = wanted.type and r.key = wanted.key offset 0) found`,
      values: [toText(this.partition), wanted.map(({ type }) => toText(type)), wanted.map(({ key }) => toText(key))],
    })
    for (const { type, key } of wanted) this.known.records.set(recordKeyOf(this.partition, type, key), null)
    for (const record of rows.map(recordOf)) {
      this.known.records.set(recordKeyOf(record.partition, record.type, record.key), record)
    }
  }

  async #readNumbers(count: number): Promise<void> {
    const rows = await this.#queries.all<{ number: number }>({
      sql: `select nextval('layover.task_number') as number from generate_series(1, $1)`,
      values: [count],
    })
    this.#numbers.push(...rows.map(({ number }) => number))
  }
}

function unique<Value>(values: readonly Value[], keyOf: (value: Value) => string): Value[] {
  return [...new Map(values.map(value => [keyOf(value), value])).values()]
}
