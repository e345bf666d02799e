/**
 * Moves a SQLite store into Postgres, rows, numbers, secret and epoch, so that clients go on with their cursors and outboxes.
 * Either side can be served at most: the file is marked as moved before the other one is opened to gateways, and what was
 * broken off in between is begun anew.
 */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { compare, type TableSum } from './move-check.ts'
import { placeOf } from './postgres-connection.ts'
import { openTarget, type PostgresTarget, type TargetColumn, type TargetRow } from './postgres-target.ts'
import { readableCopy, toText } from './postgres-text.ts'
import { decode, openSource, type SourceRow, type SqliteSource } from './sqlite-source.ts'
import { StoreError } from './store.ts'

export interface MoveOptions {
  /** The SQLite file. */
  readonly from: string
  /** Connection string of the Postgres database. */
  readonly to: string
  /** Every device starts anew with a full pull. Default false: they go on. */
  readonly newEpoch?: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  /** `rows` of `of` are there. Called at the beginning of each table and after each batch. */
  readonly onProgress?: (progress: { readonly table: string; readonly rows: number; readonly of: number }) => void
  /** All rows are there, and those of this table are compared. */
  readonly onCompare?: (table: string) => void
}

export interface MoveReport {
  readonly tables: readonly TableSum[]
  /** 0: none was ever given. */
  readonly lastTaskNumber: number
}

/** In plain columns what Postgres can't hold is escaped; documents are JSON, and hold it escaped already. */
type Kind = 'plain' | 'document' | 'bigint' | 'integer' | 'boolean'

const TABLES: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  meta: { name: 'plain', value: 'document' },
  partition: { name: 'plain', head: 'bigint' },
  record: {
    partition: 'plain',
    type: 'plain',
    key: 'plain',
    change: 'bigint',
    owner: 'plain',
    deleted: 'boolean',
    entity: 'document',
    text: 'document',
    shape: 'plain',
    changed_at: 'bigint',
  },
  version: {
    partition: 'plain',
    type: 'plain',
    key: 'plain',
    version: 'integer',
    entity: 'document',
    user: 'plain',
    client: 'plain',
    replaced_at: 'bigint',
  },
  departed: {
    partition: 'plain',
    type: 'plain',
    key: 'plain',
    owner: 'plain',
    change: 'bigint',
    entity: 'document',
    changed_at: 'bigint',
  },
  task: {
    number: 'bigint',
    partition: 'plain',
    user: 'plain',
    id: 'plain',
    name: 'plain',
    definition_version: 'integer',
    input_hash: 'plain',
    args: 'document',
    viewer: 'document',
    client: 'plain',
    sequence: 'bigint',
    after: 'document',
    token: 'plain',
    touches: 'document',
    status: 'plain',
    state: 'plain',
    reference: 'plain',
    payload: 'document',
    contested: 'document',
    taken_at: 'bigint',
    finished_at: 'bigint',
    parked: 'document',
    expired: 'boolean',
    walks: 'integer',
    walker: 'plain',
  },
  touch: { partition: 'plain', record: 'plain', number: 'bigint', writes: 'boolean' },
  waits: { blocker: 'bigint', waiter: 'bigint' },
  memo: { reference: 'plain', key: 'plain', value: 'document' },
  signal: { reference: 'plain', action: 'plain', said_at: 'bigint' },
}

/** Settings that go along. The history is continued on its own, and how far texts were renewed depends on an order of keys. */
const isMovedSetting = (name: string): boolean => name === 'secret' || name.startsWith('pruned ')

const BATCH_ROWS = 1000
const BATCH_CHARACTERS = 1_000_000

/** Throws StoreError: as `openSource` and `openTarget`, and STORE_INCOMPLETE when the copy differs. */
export async function moveToPostgres({
  from,
  to,
  newEpoch = false,
  now,
  onProgress,
  onCompare,
}: MoveOptions): Promise<MoveReport> {
  const path = resolve(from)
  const place = placeOf(to)
  const source = openSource(path)
  let target: PostgresTarget | undefined
  try {
    const { secret, epoch, moved, lastTaskNumber } = source
    target = await openTarget(to, {
      source: { source: createHash('sha256').update(secret).digest('hex'), from: path },
      secret,
      wasMoved: moved !== undefined,
    })
    for (const [table, kinds] of Object.entries(TABLES)) await copy(source, target, table, kinds, onProgress)
    await target.continueHistory({ epoch: newEpoch ? null : epoch, lastTaskNumber })
    const tables = await compare(source, target, onCompare)
    const differing = tables.filter(({ here, there }) => here.rows !== there.rows || here.hash !== there.hash)
    if (differing.length > 0) throw differs(place, differing)
    source.markMoved({ to: place, at: now })
    await target.finish()
    return { tables, lastTaskNumber }
  } finally {
    await target?.close()
    source.close()
  }
}

async function copy(
  source: SqliteSource,
  target: PostgresTarget,
  table: string,
  kinds: Readonly<Record<string, Kind>>,
  onProgress: MoveOptions['onProgress'],
): Promise<void> {
  const of = source.count(table)
  const columns = columnsOf(table, kinds)
  let rows = 0
  let batch: TargetRow[] = []
  let characters = 0
  const send = async (): Promise<void> => {
    await target.insert(table, columns, batch)
    rows += batch.length
    batch = []
    characters = 0
    onProgress?.({ table, rows, of })
  }
  onProgress?.({ table, rows, of })
  for (const found of source.rows(table)) {
    const row = rowOf(table, kinds, found)
    if (row === undefined) continue
    batch.push(row)
    for (const value of Object.values(row)) characters += typeof value === 'string' ? value.length : 8
    if (batch.length >= BATCH_ROWS || characters >= BATCH_CHARACTERS) await send()
  }
  if (batch.length > 0) await send()
}

function columnsOf(table: string, kinds: Readonly<Record<string, Kind>>): TargetColumn[] {
  const columns = Object.entries(kinds).map(([name, kind]): TargetColumn => {
    return { name, type: kind === 'plain' || kind === 'document' ? 'text' : kind }
  })
  return table === 'record' ? [...columns, { name: 'readable', type: 'text' }] : columns
}

/** Undefined: it stays behind. */
function rowOf(table: string, kinds: Readonly<Record<string, Kind>>, found: SourceRow): TargetRow | undefined {
  const row = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, converted(kind, found[name] ?? null)]),
  )
  if (table === 'meta' && !isMovedSetting(String(row['name']))) return undefined
  return table === 'record' ? { ...row, readable: readableCopy(String(row['entity'])) } : row
}

function converted(kind: Kind, value: Buffer | number | null): string | number | boolean | null {
  if (value === null) return null
  if (typeof value === 'number') return kind === 'boolean' ? value !== 0 : value
  return kind === 'plain' ? toText(decode(value)) : value.toString('utf8')
}

const differs = (place: string, tables: readonly TableSum[]): StoreError =>
  new StoreError(
    'STORE_INCOMPLETE',
    `What arrived in ${place} differs in ${tables.map(({ table, here, there }) => `${table} (${here.rows} rows, ${there.rows} there)`).join(', ')}. The move was broken off; the file is as it was.`,
  )
