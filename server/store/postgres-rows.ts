/** Rows of Postgres as the store speaks of them, and back. */
import { fromText, fromTextOrNull, toText, toTextOrNull } from './postgres-text.ts'
import type { EntityRecord, StoredRecord, StoredTask } from './store.ts'

export interface RecordRow {
  partition: string
  type: string
  key: string
  owner: string | null
  deleted: boolean
  entity: string
}

export const RECORD_COLUMNS = 'partition, type, key, owner, deleted, entity'

export function recordOf(row: RecordRow): StoredRecord {
  return {
    partition: fromText(row.partition),
    type: fromText(row.type),
    key: fromText(row.key),
    owner: fromTextOrNull(row.owner),
    deleted: row.deleted,
    entity: JSON.parse(row.entity) as EntityRecord,
  }
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
  expired: boolean
}

/** Column and type, in the order of the table: what `json_to_recordset` is asked for. */
export const TASK_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['number', 'bigint'],
  ['partition', 'text'],
  ['"user"', 'text'],
  ['id', 'text'],
  ['name', 'text'],
  ['definition_version', 'integer'],
  ['input_hash', 'text'],
  ['args', 'text'],
  ['viewer', 'text'],
  ['client', 'text'],
  ['sequence', 'bigint'],
  ['after', 'text'],
  ['token', 'text'],
  ['touches', 'text'],
  ['status', 'text'],
  ['state', 'text'],
  ['reference', 'text'],
  ['payload', 'text'],
  ['contested', 'text'],
  ['taken_at', 'bigint'],
  ['finished_at', 'bigint'],
  ['parked', 'text'],
]

/** Of `layover.task t`, each by its name: a `*` in a prepared statement fails once a newer gateway adds a column. */
export const TASK = [...TASK_COLUMNS.map(([name]) => name), 'expired'].map(name => `t.${name}`).join(', ')

const orNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))

export const rowOfTask = (task: StoredTask): Omit<TaskRow, 'expired'> => ({
  number: task.number,
  partition: toText(task.partition),
  user: toText(task.user),
  id: toText(task.id),
  name: toText(task.name),
  definition_version: task.definitionVersion,
  input_hash: task.inputHash,
  args: JSON.stringify(task.args),
  viewer: JSON.stringify(task.viewer),
  client: toTextOrNull(task.client),
  sequence: task.sequence,
  after: JSON.stringify(task.after),
  token: toTextOrNull(task.token),
  touches: JSON.stringify(task.touches),
  status: task.status,
  state: task.state,
  reference: toText(task.reference),
  payload: JSON.stringify(task.payload),
  contested: orNull(task.contested),
  taken_at: task.takenAt,
  finished_at: task.finishedAt,
  parked: orNull(task.parked),
})

export function taskOf(row: TaskRow): StoredTask {
  return {
    number: row.number,
    partition: fromText(row.partition),
    user: fromText(row.user),
    id: fromText(row.id),
    name: fromText(row.name),
    definitionVersion: row.definition_version,
    inputHash: row.input_hash,
    args: JSON.parse(row.args) as StoredTask['args'],
    viewer: JSON.parse(row.viewer) as StoredTask['viewer'],
    client: fromTextOrNull(row.client),
    sequence: row.sequence,
    after: JSON.parse(row.after) as string[],
    token: fromTextOrNull(row.token),
    touches: JSON.parse(row.touches) as StoredTask['touches'],
    status: row.status,
    state: row.state,
    reference: fromText(row.reference),
    payload: JSON.parse(row.payload) as StoredTask['payload'],
    contested: row.contested === null ? null : (JSON.parse(row.contested) as StoredTask['contested']),
    takenAt: row.taken_at,
    finishedAt: row.finished_at,
    parked: row.parked === null ? null : (JSON.parse(row.parked) as StoredTask['parked']),
    expired: row.expired,
  }
}
