/**
 * Does a moved store hold what it came from? Every column of every table of the source, whatever the copying knew of, is read
 * anew on both sides, and the rows' hashes are summed up in no order.
 */
import { hash } from 'node:crypto'
import type { PostgresTarget, TargetRow } from './postgres-target.ts'
import { fromText } from './postgres-text.ts'
import type { SourceRow, SqliteSource } from './sqlite-source.ts'

export interface Sum {
  readonly rows: number
  /** Hex. The hashes (SHA-256) of its rows in exclusive or. */
  readonly hash: string
}

export interface TableSum {
  readonly table: string
  readonly here: Sum
  readonly there: Sum
}

/** JSON: what Postgres can't hold is escaped in it by JSON itself. */
const DOCUMENTS = new Set('entity text args viewer after touches payload contested parked value'.split(' '))
const STAYING_SETTINGS = /^(epoch|session|file|texts|moved|cluster|schema|oldest|moving)$/

export async function compare(
  source: SqliteSource,
  target: PostgresTarget,
  onCompare?: (table: string) => void,
): Promise<TableSum[]> {
  const sums: TableSum[] = []
  for (const table of source.tables) {
    onCompare?.(table)
    const columns = source.columnsOf(table)
    const here = new Summing()
    for (const row of source.rows(table))
      here.add(
        table,
        columns.map(name => bytesHere(row[name] ?? null)),
      )
    const there = new Summing()
    for await (const row of target.rows(table, columns)) {
      there.add(
        table,
        columns.map(name => bytesThere(name, row[name] ?? null)),
      )
    }
    sums.push({ table, here: here.sum, there: there.sum })
  }
  return sums
}

class Summing {
  readonly #sum = new Uint32Array(8)
  #rows = 0

  add(table: string, values: readonly (Buffer | null)[]): void {
    // The first column of a setting is its name.
    if (table === 'meta' && STAYING_SETTINGS.test(String(values[0]))) return
    const framed = values.flatMap(value => [
      Buffer.from(value === null ? 'null ' : `${value.length} `),
      value ?? NOTHING,
    ])
    const hashed = hash('sha256', Buffer.concat(framed), 'buffer')
    for (let word = 0; word < 8; word += 1) this.#sum[word] = (this.#sum[word] ?? 0) ^ hashed.readUInt32BE(word * 4)
    this.#rows += 1
  }

  get sum(): Sum {
    return { rows: this.#rows, hash: [...this.#sum].map(word => word.toString(16).padStart(8, '0')).join('') }
  }
}

const NOTHING = Buffer.alloc(0)

const bytesHere = (value: SourceRow[string]): Buffer | null =>
  typeof value === 'number' ? Buffer.from(String(value)) : (value ?? null)

function bytesThere(column: string, value: TargetRow[string]): Buffer | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return encode(DOCUMENTS.has(column) ? value : fromText(value))
  return Buffer.from(String(Number(value)))
}

const HALF = /([\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF])/

/** As SQLite gets it from JavaScript: halves of surrogate pairs each by itself. */
function encode(text: string): Buffer {
  if (!HALF.test(text)) return Buffer.from(text)
  const parts = text.split(HALF)
  return Buffer.concat(
    parts.map((part, index) => {
      const unit = part.charCodeAt(0)
      return index % 2 === 0
        ? Buffer.from(part)
        : Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)])
    }),
  )
}
