import type Database from 'better-sqlite3'
import { readFeed, readTexts } from './sqlite-feed.ts'
import { PRUNED } from './sqlite-maintenance.ts'
import { SqliteStatements } from './sqlite-statements.ts'
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

interface RecordRow {
  key: string
  owner: string | null
  deleted: number
  entity: string
}

export interface TaskRow {
  number: number
  partition: string
  user: string
  id: string
  name: string
  definition_version: number
  input_hash: string
  args: string
  viewer: string
  client: string | null
  sequence: number | null
  after: string
  token: string | null
  touches: string
  status: StoredTask['status']
  state: StoredTask['state']
  reference: string
  payload: string
  contested: string | null
  taken_at: number
  finished_at: number | null
  parked: string | null
  expired: number
}

/** The reading half over one connection. Statements are written by hand and prepared once. */
export class SqliteView implements View {
  readonly statements: SqliteStatements

  constructor(database: Database.Database) {
    this.statements = new SqliteStatements(database)
  }

  async record(partition: string, type: string, key: string): Promise<StoredRecord | undefined> {
    const row = this.statements.one<RecordRow>(
      'select key, owner, deleted, entity from record where partition = ? and type = ? and key = ?',
      partition,
      type,
      key,
    )
    return row && recordOf(partition, type, row)
  }

  async list({ partition, selection, equals = {}, contains, after = '', first }: ListQuery): Promise<StoredRecord[]> {
    const conditions = ['partition = ?', 'type = ?', 'key > ?', 'deleted = 0']
    const values: unknown[] = [partition, selection.type, after]
    if (selection.owner !== null) {
      conditions.push('owner = ?')
      values.push(selection.owner)
    }
    for (const [field, value] of Object.entries(equals)) {
      conditions.push('json_extract(entity, ?) = ?')
      values.push(`$.${field}`, value)
    }
    if (contains !== undefined) {
      conditions.push('instr(lower(json_extract(entity, ?)), lower(?)) > 0')
      values.push(`$.${contains.field}`, contains.text)
    }
    const rows = this.statements.all<RecordRow>(
      `select key, owner, deleted, entity from record where ${conditions.join(' and ')} order by key limit ?`,
      ...values,
      first,
    )
    return rows.map(row => recordOf(partition, selection.type, row))
  }

  async changed(partition: string, selections: readonly FeedSelection[], window: FeedWindow): Promise<FeedPage> {
    return readFeed(this.statements, partition, selections, window)
  }

  async changedTexts(
    partition: string,
    selections: readonly FeedSelection[],
    window: FeedWindow,
  ): Promise<FeedTexts | undefined> {
    return readTexts(this.statements, partition, selections, window)
  }

  async head(partition: string): Promise<number> {
    return this.statements.one<{ head: number }>('select head from partition where name = ?', partition)?.head ?? 0
  }

  async heads(partitions: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = this.statements.all<{ name: string; head: number }>(
      'select name, head from partition where name in (select value from json_each(?))',
      JSON.stringify(partitions),
    )
    return new Map(rows.map(({ name, head }) => [name, head]))
  }

  async pruned(partition: string): Promise<number> {
    const kept = this.statements.one<{ value: string }>('select value from meta where name = ?', PRUNED + partition)
    return Number(kept?.value ?? 0)
  }

  async versions(partition: string, type: string, key: string, fromVersion: number): Promise<RecordVersion[]> {
    const rows = this.statements.all<{ entity: string; user: string | null; client: string | null }>(
      'select entity, user, client from version where partition = ? and type = ? and key = ? and version >= ? order by version',
      partition,
      type,
      key,
      fromVersion,
    )
    return rows.map(({ entity, user, client }) => ({
      entity: JSON.parse(entity) as EntityRecord,
      writtenBy: user !== null && client !== null ? { user, client } : null,
    }))
  }

  async task({ partition, user, id }: TaskAddress): Promise<StoredTask | undefined> {
    const row = this.statements.one<TaskRow>(
      'select * from task where partition = ? and user = ? and id = ?',
      partition,
      user,
      id,
    )
    return row && taskOf(row)
  }

  async tasks(query: TaskQuery): Promise<{ number: number; user: string; entity: EntityRecord }[]> {
    const conditions = ['t.partition = ?', 't.number > ?', 'r.deleted = 0']
    const values: unknown[] = [query.partition, query.after]
    if (query.user !== null) {
      conditions.push('t.user = ?')
      values.push(query.user)
    }
    for (const [column, wanted] of [
      ['id', query.ids],
      ['status', query.status],
    ] as const) {
      if (wanted === undefined) continue
      conditions.push(`t.${column} in (select value from json_each(?))`)
      values.push(JSON.stringify(wanted))
    }
    const rows = this.statements.all<{ number: number; user: string; entity: string }>(
      `select t.number, t.user, r.entity from task t join record r on r.partition = t.partition and r.type = 'Task' and r.key = t.user || '/' || t.id
       where ${conditions.join(' and ')} order by t.number limit ?`,
      ...values,
      query.first,
    )
    return rows.map(row => ({ ...row, entity: JSON.parse(row.entity) as EntityRecord }))
  }

  async unfinished(): Promise<StoredTask[]> {
    return this.statements.all<TaskRow>(`select * from task where state <> 'finished' order by number`).map(taskOf)
  }

  async due(first: number): Promise<StoredTask[]> {
    return this.statements
      .all<TaskRow>(
        `select * from task where state <> 'finished' and state = 'waiting'
         and not exists (select 1 from waits where waiter = number) order by number limit ?`,
        first,
      )
      .map(taskOf)
  }

  async backlog(): Promise<Backlog> {
    const rows = this.statements.all<{ at: keyof Backlog; tasks: number }>(
      `select case when parked is null then state else 'parked' end as at, count(*) as tasks from task
       where state <> 'finished' group by at`,
    )
    return { waiting: 0, running: 0, parked: 0, ...Object.fromEntries(rows.map(({ at, tasks }) => [at, tasks])) }
  }

  async memo(reference: string, key: string): Promise<{ value: unknown } | undefined> {
    const row = this.statements.one<{ value: string }>(
      'select value from memo where reference = ? and key = ?',
      reference,
      key,
    )
    return row && { value: JSON.parse(row.value) as unknown }
  }

  async stumbles(reference: string): Promise<number> {
    return this.statements.one<{ walks: number }>('select walks from task where reference = ?', reference)?.walks ?? 0
  }

  async walker(reference: string): Promise<string | null> {
    const row = this.statements.one<{ walker: string | null }>('select walker from task where reference = ?', reference)
    return row?.walker ?? null
  }

  async signalled(): Promise<string[]> {
    return this.statements.all<{ reference: string }>('select reference from signal').map(({ reference }) => reference)
  }

  async outlived(finishedBefore: number, first: number): Promise<StoredTask[]> {
    return this.statements
      .all<TaskRow>(
        `select * from task where state = 'finished' and expired = 0 and finished_at < ?
         and status not in ('CONFLICT', 'IN_REVIEW', 'PARKED') order by finished_at limit ?`,
        finishedBefore,
        first,
      )
      .map(taskOf)
  }
}

export function taskOf(row: TaskRow): StoredTask {
  return {
    number: row.number,
    partition: row.partition,
    user: row.user,
    id: row.id,
    name: row.name,
    definitionVersion: row.definition_version,
    inputHash: row.input_hash,
    args: JSON.parse(row.args) as StoredTask['args'],
    viewer: JSON.parse(row.viewer) as StoredTask['viewer'],
    client: row.client,
    sequence: row.sequence,
    after: JSON.parse(row.after) as string[],
    token: row.token,
    touches: JSON.parse(row.touches) as StoredTask['touches'],
    status: row.status,
    state: row.state,
    reference: row.reference,
    payload: JSON.parse(row.payload) as StoredTask['payload'],
    contested: row.contested === null ? null : (JSON.parse(row.contested) as StoredTask['contested']),
    takenAt: row.taken_at,
    finishedAt: row.finished_at,
    parked: row.parked === null ? null : (JSON.parse(row.parked) as StoredTask['parked']),
    expired: row.expired === 1,
  }
}

function recordOf(partition: string, type: string, row: RecordRow): StoredRecord {
  return {
    partition,
    type,
    key: row.key,
    owner: row.owner,
    deleted: row.deleted === 1,
    entity: JSON.parse(row.entity) as EntityRecord,
  }
}
