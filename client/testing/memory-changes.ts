/** `changes` over the records in memory: pages in the order of the last change, bound to a user and scopes. */
import { GraphQLError } from 'graphql'
import { ERROR_CODES } from '../../protocol/errors.ts'
import { MAX_PAGE } from '../../protocol/protocol.ts'
import { keyOf, type MemoryRecord, type MemoryRecords, type StoredRecord } from './memory-records.ts'
import { canonical } from './three-way-merge.ts'

export interface MemoryScope {
  readonly type: string
  readonly where?: unknown
}

export interface ChangesArguments {
  readonly since?: string | null
  readonly scopes?: readonly MemoryScope[] | null
  readonly first: number
}

interface Cursor {
  readonly epoch: number
  readonly seen: number
  /** Where the device began: what was removed before it never saw. */
  readonly start: number
  readonly binding: string
}

export class MemoryChanges {
  readonly #records: MemoryRecords
  readonly #types: ReadonlySet<string>
  readonly #mayRead: (record: MemoryRecord, user: string) => boolean
  #epoch = 0

  /** @param types that can be asked for */
  constructor(
    records: MemoryRecords,
    types: ReadonlySet<string>,
    mayRead: (record: MemoryRecord, user: string) => boolean,
  ) {
    this.#records = records
    this.#types = types
    this.#mayRead = mayRead
  }

  /** No cursor given so far is taken any more. */
  expireCursors(): void {
    this.#epoch += 1
  }

  /** Throws BAD_USER_INPUT. */
  page(user: string, { since, scopes, first }: ChangesArguments): object {
    if (first < 1 || first > MAX_PAGE) throw wrong('first', `must be from 1 to ${MAX_PAGE}.`)
    for (const [index, { type }] of (scopes ?? []).entries()) {
      if (!this.#types.has(type))
        throw wrong(`scopes[${index}].type`, `names no type to sync; there are ${[...this.#types].join(', ')}.`)
    }
    const binding = canonical([user, scopes ?? null])
    const known = this.#usable(since, binding)
    const { head } = this.#records
    const { seen, start } = known ?? { seen: 0, start: head }
    const sees = (record: MemoryRecord, owner: string | null): boolean =>
      (owner === null ? this.#mayRead(record, user) : owner === user) && isInScope(record, scopes ?? null)
    const rows = this.#records
      .after(seen)
      .filter(
        row =>
          this.#types.has(row.record.__typename) &&
          (sees(row.record, row.owner)
            ? !row.deleted || row.number > start
            : row.number > start && this.#saw(row, sees)),
      )
    const page = rows.slice(0, first)
    const hasMore = rows.length > page.length
    const isGone = (row: StoredRecord): boolean => row.deleted || !sees(row.record, row.owner)
    return {
      changed: page.filter(row => !isGone(row)).map(({ record }) => record),
      removed: page.filter(isGone).map(({ record, deleted }) => ({
        type: record.__typename,
        id: record.id,
        reason: deleted ? 'DELETED' : 'OUT_OF_SCOPE',
      })),
      cursor: JSON.stringify({
        epoch: this.#epoch,
        seen: hasMore ? (page.at(-1)?.number ?? seen) : head,
        start,
        binding,
      } satisfies Cursor),
      hasMore,
      reset: since != null && !known,
    }
  }

  /** Whether any kept version of it was in sight. */
  #saw({ record, owner }: StoredRecord, sees: (record: MemoryRecord, owner: string | null) => boolean): boolean {
    if (owner !== null) return false
    return this.#records
      .versions(keyOf(record.__typename, record.id), 1)
      .some(each => !each.deleted && sees(each.record, null))
  }

  #usable(since: string | null | undefined, binding: string): Cursor | undefined {
    if (since == null) return undefined
    try {
      const cursor = JSON.parse(since) as Cursor
      const isUsable =
        cursor.epoch === this.#epoch && cursor.binding === binding && cursor.seen >= this.#records.horizon
      return isUsable ? cursor : undefined
    } catch {
      return undefined // Not one of ours: the page starts anew.
    }
  }
}

function isInScope(record: MemoryRecord, scopes: readonly MemoryScope[] | null): boolean {
  if (scopes === null) return true
  return scopes.some(
    ({ type, where }) =>
      type === record.__typename &&
      Object.entries(where ?? {}).every(([field, test]) => fits(record[field] ?? null, test)),
  )
}

function fits(value: unknown, test: unknown): boolean {
  if (typeof test !== 'object' || test === null) return value === test
  return Object.entries(test).every(([name, limit]) => {
    if (name === 'in') return Array.isArray(limit) && limit.includes(value)
    if (value === null) return false
    const [left, right] = [value as string | number, limit as string | number]
    if (name === 'gt') return left > right
    if (name === 'gte') return left >= right
    if (name === 'lt') return left < right
    if (name === 'lte') return left <= right
    throw wrong(`where.${name}`, 'is no test; there are in, gt, gte, lt, lte.')
  })
}

const wrong = (field: string, what: string): GraphQLError =>
  new GraphQLError(`${field} ${what}`, { extensions: { code: ERROR_CODES.BAD_USER_INPUT, field } })
