/** What units have changed and nobody has written yet, and the statements that write it for a whole group at once. */
import type { Queries, Query } from './postgres-connection.ts'
import { rowOfTask, TASK_COLUMNS } from './postgres-rows.ts'
import { toText } from './postgres-text.ts'
import type { StoredTask, Touch } from './store.ts'

/** Changes to tasks and to what hangs on them. Those of one unit, or of all units of a group. */
export class PendingRows {
  readonly taken = new Map<number, StoredTask>()
  readonly changed = new Map<number, StoredTask>()
  readonly touches = new Map<number, readonly Touch[]>()
  readonly released = new Map<number, readonly Touch[]>()
  readonly waits: [blocker: number, waiter: number][] = []
  readonly memos: { reference: string; key: string; value: unknown }[] = []
  /** References of tasks whose memos and signals are dropped. */
  readonly dropped = new Set<string>()
  readonly walkers = new Map<string, string>()
  readonly stumbles = new Map<string, number>()

  get isEmpty(): boolean {
    return (
      this.taken.size + this.changed.size + this.touches.size + this.released.size === 0 &&
      this.waits.length + this.memos.length === 0 &&
      this.dropped.size + this.walkers.size + this.stumbles.size === 0
    )
  }

  take(task: StoredTask): void {
    this.taken.set(task.number, task)
    if (task.state !== 'finished' && task.touches.length > 0) this.touches.set(task.number, task.touches)
  }

  change(task: StoredTask): void {
    const into = this.taken.has(task.number) ? this.taken : this.changed
    into.set(task.number, task)
  }

  release(task: StoredTask): void {
    if (!this.touches.delete(task.number) && task.touches.length > 0) this.released.set(task.number, task.touches)
  }

  drop(reference: string): void {
    for (let index = this.memos.length - 1; index >= 0; index -= 1) {
      if (this.memos[index]?.reference === reference) this.memos.splice(index, 1)
    }
    this.dropped.add(reference)
  }

  /** What a later unit changed, on top. */
  add(later: PendingRows): void {
    for (const task of later.taken.values()) this.taken.set(task.number, task)
    for (const task of later.changed.values()) this.change(task)
    for (const [number, touches] of later.released) {
      if (!this.touches.delete(number)) this.released.set(number, touches)
    }
    for (const [number, touches] of later.touches) this.touches.set(number, touches)
    this.waits.push(...later.waits)
    for (const reference of later.dropped) this.drop(reference)
    this.memos.push(...later.memos)
    for (const [reference, token] of later.walkers) this.walkers.set(reference, token)
    for (const [reference, count] of later.stumbles) this.stumbles.set(reference, count)
  }

  clear(): void {
    this.taken.clear()
    this.changed.clear()
    this.touches.clear()
    this.released.clear()
    this.waits.length = 0
    this.memos.length = 0
    this.dropped.clear()
    this.walkers.clear()
    this.stumbles.clear()
  }

  /** One statement for all of it. No row is written twice in it, since its parts don't see each other. */
  query(partition: string, mark: string | null): Query {
    const taken = [...this.taken.values()].map(task => {
      const { walker, walks } = this.#walkOf(task.reference)
      return { ...rowOfTask(task), walker, walks: walks ?? 0 }
    })
    const fresh = new Set([...this.taken.values()].map(({ reference }) => reference))
    const changes = new Map<string, object>()
    for (const task of this.changed.values()) {
      const { reference, status, state, payload, contested, finished_at, parked } = rowOfTask(task)
      const change = { reference, is_change: true, status, state, payload, contested, finished_at, parked }
      changes.set(task.reference, { ...change, ...this.#walkOf(task.reference) })
    }
    for (const reference of [...this.walkers.keys(), ...this.stumbles.keys()]) {
      if (fresh.has(reference) || changes.has(reference)) continue
      changes.set(reference, { reference: toText(reference), is_change: false, ...this.#walkOf(reference) })
    }
    const touchRows = (rows: ReadonlyMap<number, readonly Touch[]>): object[] =>
      [...rows].flatMap(([number, touches]) =>
        touches.map(({ record, writes }) => ({ record: toText(record), number, writes })),
      )
    const memos = this.memos.map(({ reference, key, value }) => ({
      reference: toText(reference),
      key: toText(key),
      value: JSON.stringify(value ?? null),
    }))
    return {
      sql: WRITE_ROWS,
      values: [
        toText(partition),
        mark,
        list(taken),
        list([...changes.values()]),
        list(touchRows(this.touches)),
        list(touchRows(this.released)),
        list(this.waits.map(([blocker, waiter]) => ({ blocker, waiter }))),
        list(memos),
        [...this.dropped].map(toText),
      ],
    }
  }

  #walkOf(reference: string): { walker: string | null; walks: number | null } {
    const walker = this.walkers.get(reference)
    return { walker: walker === undefined ? null : toText(walker), walks: this.stumbles.get(reference) ?? null }
  }
}

export const list = (rows: readonly object[]): string => (rows.length === 0 ? '[]' : JSON.stringify(rows))

const names = TASK_COLUMNS.map(([name]) => name).join(', ')

const WRITE_ROWS = `with taken as (
  insert into layover.task (${names}, walker, walks) select ${names}, walker, walks
  from json_to_recordset($3::json) x(${TASK_COLUMNS.map(column => column.join(' ')).join(', ')}, walker text, walks integer)
), changed as (
  update layover.task t set
    status = case when x.is_change then x.status else t.status end, state = case when x.is_change then x.state else t.state end,
    payload = case when x.is_change then x.payload else t.payload end,
    contested = case when x.is_change then x.contested else t.contested end,
    finished_at = case when x.is_change then x.finished_at else t.finished_at end,
    parked = case when x.is_change then x.parked else t.parked end,
    walker = coalesce(x.walker, t.walker), walks = coalesce(x.walks, t.walks)
  from (select x.*, found.ctid as place from json_to_recordset($4::json) x(reference text, is_change boolean, status text,
    state text, payload text, contested text, finished_at bigint, parked text, walker text, walks integer)
    cross join lateral (select ctid from layover.task where reference = x.reference offset 0) found) x
  where t.ctid = x.place
), touched as (
  insert into layover.touch select $1, record, number, writes
  from json_to_recordset($5::json) x(record text, number bigint, writes boolean)
), released as (
  delete from layover.touch where ctid = any(array(
    select found.ctid from json_to_recordset($6::json) x(record text, number bigint) cross join lateral (
      select ctid from layover.touch t where t.partition = $1 and t.record = x.record and t.number = x.number offset 0) found))
), waiting as (
  insert into layover.waits select blocker, waiter from json_to_recordset($7::json) x(blocker bigint, waiter bigint)
  on conflict do nothing
), memos as (
  insert into layover.memo select reference, key, value from json_to_recordset($8::json) x(reference text, key text, value text)
), dropped as (
  delete from layover.memo where reference = any($9::text[])
), spent as (
  delete from layover.signal where reference = any($9::text[])
) insert into layover.commit_mark (id) select $2::uuid where $2::uuid is not null`

/** One version of a record, as it is going to be written. */
export interface RecordRowToWrite {
  readonly type: string
  readonly key: string
  readonly change: number
  readonly owner: string | null
  readonly deleted: boolean
  readonly entity: string
  readonly readable: string | null
  readonly text: string | null
  readonly shape: string | null
}

export interface VersionRow {
  readonly type: string
  readonly key: string
  readonly version: number
  readonly entity: string
  readonly user: string | null
  readonly client: string | null
}

export interface DepartedRow {
  readonly type: string
  readonly key: string
  readonly owner: string
  readonly change: number
  readonly entity: string
}

/** Numbered records of a group. Of a record that several of its units wrote only the last state is a row. */
export class PendingRecords {
  readonly rows = new Map<string, RecordRowToWrite>()
  readonly versions: VersionRow[] = []
  readonly departed = new Map<string, DepartedRow>()
  /** Who got a record (back): of these no departure may stay. */
  readonly returned = new Map<string, Omit<DepartedRow, 'change' | 'entity'>>()

  get isEmpty(): boolean {
    return this.rows.size === 0
  }

  clear(): void {
    this.rows.clear()
    this.versions.length = 0
    this.departed.clear()
    this.returned.clear()
  }

  query(partition: string, head: number, now: number, mark: string | null): Query {
    const last = new Map(this.versions.map(row => [`${row.type}:${row.key}`, row]))
    const versions = this.versions.map(row => ({
      ...row,
      replaced_at: last.get(`${row.type}:${row.key}`) === row ? null : now,
    }))
    return {
      sql: WRITE_RECORDS,
      values: [
        toText(partition),
        mark,
        head,
        now,
        list([...this.rows.values()]),
        list(versions),
        list([...last.values()].map(({ type, key }) => ({ type, key }))),
        list([...this.departed.values()]),
        list([...this.returned.values()]),
      ],
    }
  }
}

const WRITE_RECORDS = `with records as (
  insert into layover.record (partition, type, key, change, owner, deleted, entity, readable, text, shape, changed_at)
  select $1, type, key, change, owner, deleted, entity, readable, text, shape, $4
  from json_to_recordset($5::json) x(type text, key text, change bigint, owner text, deleted boolean, entity text, readable text,
    text text, shape text)
  on conflict (partition, type, key) do update set change = excluded.change, owner = excluded.owner, deleted = excluded.deleted,
    entity = excluded.entity, readable = excluded.readable, text = excluded.text, shape = excluded.shape,
    changed_at = excluded.changed_at
), versions as (
  insert into layover.version (partition, type, key, version, entity, "user", client, replaced_at)
  select $1, type, key, version, entity, "user", client, replaced_at
  from json_to_recordset($6::json) x(type text, key text, version integer, entity text, "user" text, client text, replaced_at bigint)
), replaced as (
  update layover.version set replaced_at = $4 where ctid = any(array(
    select found.ctid from json_to_recordset($7::json) x(type text, key text) cross join lateral (
      select ctid from layover.version v
      where v.partition = $1 and v.type = x.type and v.key = x.key and v.replaced_at is null offset 0) found))
), departed as (
  insert into layover.departed (partition, type, key, owner, change, entity, changed_at)
  select $1, type, key, owner, change, entity, $4
  from json_to_recordset($8::json) x(type text, key text, owner text, change bigint, entity text)
  on conflict (partition, type, key, owner) do update set change = excluded.change, entity = excluded.entity,
    changed_at = excluded.changed_at
), returned as (
  delete from layover.departed where ctid = any(array(
    select found.ctid from json_to_recordset($9::json) x(type text, key text, owner text) cross join lateral (
      select ctid from layover.departed d
      where d.partition = $1 and d.type = x.type and d.key = x.key and d.owner = x.owner offset 0) found))
), head as (
  update layover.partition set head = $3 where name = $1
) insert into layover.commit_mark (id) select $2::uuid where $2::uuid is not null`

/*
 * Rows are looked up key by key (`lateral` and `offset 0`): a planner that has not counted a new table yet would rather read
 * all of a partition for each.
 */

/** Statements that write all of it, in their order. The mark goes with the last of them. */
export function writesOf(
  partition: string,
  { rows, records, head, now }: { rows: PendingRows; records: PendingRecords; head: number; now: number },
  mark: string | null,
): Query[] {
  const queries: Query[] = []
  if (!rows.isEmpty) queries.push(rows.query(partition, records.isEmpty ? mark : null))
  if (!records.isEmpty) queries.push(records.query(partition, head, now, mark))
  return queries
}

export const runAll = async (queries: Queries, statements: readonly Query[]): Promise<void> => {
  for (const statement of statements) await queries.all(statement)
}
