import type { Queries, Query } from './postgres-connection.ts'
import { fieldOf, readFeed, readTexts } from './postgres-feed.ts'
import { RECORD_COLUMNS, type RecordRow, recordOf, TASK, type TaskRow, taskOf } from './postgres-rows.ts'
import { fromText, fromTextOrNull, readable, toText } from './postgres-text.ts'
import type {
  Backlog,
  EntityRecord,
  FeedPage,
  FeedSelection,
  FeedTexts,
  FeedWindow,
  ListQuery,
  RecordVersion,
  StoredRecord,
  StoredTask,
  TaskAddress,
  TaskQuery,
  View,
} from './store.ts'

/** In `meta`, with the partition behind it: the highest number among the removals that were taken away. */
export const PRUNED = 'pruned '

/** The reading half, over any connection. Statements are written by hand and prepared once per connection. */
export class PostgresView implements View {
  readonly queries: Queries

  constructor(queries: Queries) {
    this.queries = queries
  }

  async record(partition: string, type: string, key: string): Promise<StoredRecord | undefined> {
    const row = await this.#one<RecordRow>({
      sql: `select ${RECORD_COLUMNS} from layover.record where partition = $1 and type = $2 and key = $3`,
      values: [toText(partition), toText(type), toText(key)],
    })
    return row && recordOf(row)
  }

  async list({ partition, selection, equals = {}, contains, after = '', first }: ListQuery): Promise<StoredRecord[]> {
    const values: unknown[] = [toText(partition), toText(selection.type), toText(after), first]
    const bind = (value: unknown): string => `$${values.push(value)}`
    const conditions = ['partition = $1', 'type = $2', 'key > $3', 'not deleted']
    if (selection.owner !== null) conditions.push(`owner = ${bind(toText(selection.owner))}`)
    for (const [field, value] of Object.entries(equals)) {
      conditions.push(`${fieldOf(field, bind)} #>> '{}' = ${bind(readable(value))}`)
    }
    if (contains !== undefined) {
      const text = `lower(${fieldOf(contains.field, bind)} #>> '{}')`
      conditions.push(`position(lower(${bind(readable(contains.text))}) in ${text}) > 0`)
    }
    const rows = await this.queries.all<RecordRow>({
      sql: `select ${RECORD_COLUMNS} from layover.record where ${conditions.join(' and ')} order by key limit $4`,
      values,
    })
    return rows.map(recordOf)
  }

  changed(partition: string, selections: readonly FeedSelection[], window: FeedWindow): Promise<FeedPage> {
    return readFeed(this.queries, partition, selections, window)
  }

  changedTexts(
    partition: string,
    selections: readonly FeedSelection[],
    window: FeedWindow,
  ): Promise<FeedTexts | undefined> {
    return readTexts(this.queries, partition, selections, window)
  }

  async head(partition: string): Promise<number> {
    const row = await this.#one<{ head: number }>({
      sql: 'select head from layover.partition where name = $1',
      values: [toText(partition)],
    })
    return row?.head ?? 0
  }

  async heads(partitions: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.queries.all<{ name: string; head: number }>({
      sql: 'select name, head from layover.partition where name = any($1)',
      values: [partitions.map(toText)],
    })
    return new Map(rows.map(({ name, head }) => [fromText(name), head]))
  }

  async pruned(partition: string): Promise<number> {
    const kept = await this.#one<{ value: string }>({
      sql: 'select value from layover.meta where name = $1',
      values: [PRUNED + toText(partition)],
    })
    return Number(kept?.value ?? 0)
  }

  async versions(partition: string, type: string, key: string, fromVersion: number): Promise<RecordVersion[]> {
    const rows = await this.queries.all<{ entity: string; user: string | null; client: string | null }>({
      sql: `select entity, "user", client from layover.version
 where partition = $1 and type = $2 and key = $3 and version >= $4 order by version`,
      values: [toText(partition), toText(type), toText(key), fromVersion],
    })
    return rows.map(({ entity, user, client }) => ({
      entity: JSON.parse(entity) as EntityRecord,
      writtenBy: user !== null && client !== null ? { user: fromText(user), client: fromText(client) } : null,
    }))
  }

  async task({ partition, user, id }: TaskAddress): Promise<StoredTask | undefined> {
    const row = await this.#one<TaskRow>({
      sql: `select ${TASK} from layover.task t where partition = $1 and "user" = $2 and id = $3`,
      values: [toText(partition), toText(user), toText(id)],
    })
    return row && taskOf(row)
  }

  async tasks(query: TaskQuery): Promise<{ number: number; user: string; entity: EntityRecord }[]> {
    const values: unknown[] = [toText(query.partition), query.after, query.first]
    const bind = (value: unknown): string => `$${values.push(value)}`
    const conditions = ['t.partition = $1', 't.number > $2', 'not r.deleted']
    if (query.user !== null) conditions.push(`t."user" = ${bind(toText(query.user))}`)
    if (query.ids !== undefined) conditions.push(`t.id = any(${bind(query.ids.map(toText))})`)
    if (query.status !== undefined) conditions.push(`t.status = any(${bind(query.status)})`)
    const rows = await this.queries.all<{ number: number; user: string; entity: string }>({
      sql: `select t.number, t."user", r.entity from layover.task t
 join layover.record r on r.partition = t.partition and r.type = 'Task' and r.key = t."user" || '/' || t.id
 where ${conditions.join(' and ')} order by t.number limit $3`,
      values,
    })
    return rows.map(({ number, user, entity }) => ({
      number,
      user: fromText(user),
      entity: JSON.parse(entity) as EntityRecord,
    }))
  }

  async unfinished(): Promise<StoredTask[]> {
    const sql = `select ${TASK} from layover.task t where state <> 'finished' order by number`
    return (await this.queries.all<TaskRow>({ sql })).map(taskOf)
  }

  async due(first: number): Promise<StoredTask[]> {
    const rows = await this.queries.all<TaskRow>({
      sql: `select * from layover.task t where state <> 'finished' and state = 'waiting'
 and not exists (select 1 from layover.waits where waiter = t.number) order by number limit $1`,
      values: [first],
    })
    return rows.map(taskOf)
  }

  async backlog(): Promise<Backlog> {
    const rows = await this.queries.all<{ at: keyof Backlog; tasks: number }>({
      sql: `select case when parked is null then state else 'parked' end as at, count(*) as tasks from layover.task
 where state <> 'finished' group by 1`,
    })
    return { waiting: 0, running: 0, parked: 0, ...Object.fromEntries(rows.map(({ at, tasks }) => [at, tasks])) }
  }

  async memo(reference: string, key: string): Promise<{ value: unknown } | undefined> {
    const row = await this.#one<{ value: string }>({
      sql: 'select value from layover.memo where reference = $1 and key = $2',
      values: [toText(reference), toText(key)],
    })
    return row && { value: JSON.parse(row.value) as unknown }
  }

  async stumbles(reference: string): Promise<number> {
    const row = await this.#one<{ walks: number }>({
      sql: 'select walks from layover.task where reference = $1',
      values: [toText(reference)],
    })
    return row?.walks ?? 0
  }

  async walker(reference: string): Promise<string | null> {
    const row = await this.#one<{ walker: string | null }>({
      sql: 'select walker from layover.task where reference = $1',
      values: [toText(reference)],
    })
    return fromTextOrNull(row?.walker ?? null)
  }

  async signalled(): Promise<string[]> {
    const rows = await this.queries.all<{ reference: string }>({ sql: 'select reference from layover.signal' })
    return rows.map(({ reference }) => fromText(reference))
  }

  async outlived(finishedBefore: number, first: number): Promise<StoredTask[]> {
    const rows = await this.queries.all<TaskRow>({
      sql: `select ${TASK} from layover.task t where state = 'finished' and not expired and finished_at < $1
 and status not in ('CONFLICT', 'IN_REVIEW', 'PARKED') order by finished_at limit $2`,
      values: [finishedBefore, first],
    })
    return rows.map(taskOf)
  }

  async #one<Row extends object>(query: Query): Promise<Row | undefined> {
    const [row] = await this.queries.all<Row>(query)
    return row
  }
}
