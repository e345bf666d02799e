/**
 * `changes`: what is new to a viewer since a cursor. The feed is the rows themselves, in the order of their last change, so a
 * record that changed a hundred times comes once. Incremental pull after Azure Mobile Apps' offline sync, with a commit
 * number where that has a time stamp: time stamps lose the rows of a slower concurrent writer.
 */
import { ERROR_CODES, MAX_PAGE } from '../../protocol/index.ts'
import { refuse } from '../errors.ts'
import { selectionFor } from '../records.ts'
import type { ChangedRecord, EntityRecord, Selection, Store } from '../store/store.ts'
import type { Viewer } from '../viewer.ts'
import type { Collection } from './collection.ts'
import { bindingOf, type Position, readCursor, writeCursor } from './cursor.ts'

export interface ChangesArguments {
  readonly since?: string | null
  readonly scopes?: readonly { readonly type: string; readonly where?: unknown }[] | null
  readonly first: number
}

export interface ChangePage {
  readonly changed: readonly EntityRecord[]
  readonly removed: readonly { type: string; id: string; reason: 'DELETED' | 'OUT_OF_SCOPE' }[]
  readonly cursor: string
  readonly hasMore: boolean
  readonly reset: boolean
}

export interface DeltaOptions {
  readonly store: Store
  readonly collections: ReadonlyMap<string, Collection>
  readonly now: number
  /** How long tombstones are kept: an older cursor starts anew. */
  readonly horizonMs: number
}

export async function changesFor(viewer: Viewer, wanted: ChangesArguments, options: DeltaOptions): Promise<ChangePage> {
  const { store, now } = options
  if (!Number.isInteger(wanted.first) || wanted.first < 1 || wanted.first > MAX_PAGE) {
    throw refuse(ERROR_CODES.BAD_USER_INPUT, `first must be from 1 to ${MAX_PAGE}.`, { field: 'first' })
  }
  const partitions = selectionsByPartition(viewer, wanted, options.collections)
  const binding = bindingOf([viewer.tenant, viewer.user, [...partitions]])
  const position = await usable(wanted.since, binding, [...partitions.keys()], options)
  const seen: Record<string, number> = { ...position?.seen }
  const rows: ChangedRecord[] = []
  let hasMore = false
  for (const [partition, selections] of partitions) {
    if (hasMore) break
    // Read before the rows, so that what commits in between is not passed over.
    const head = await store.view.head(partition)
    const room = wanted.first - rows.length
    const found = await store.view.changed(partition, selections, seen[partition] ?? 0, room + 1)
    hasMore = found.length > room
    const taken = found.slice(0, room)
    rows.push(...taken)
    const last = taken.at(-1)?.change ?? seen[partition] ?? 0
    seen[partition] = hasMore ? last : Math.max(last, head)
  }
  const current = rows.filter(row => row.removal === null)
  const live = new Set(current.map(row => `${row.type}:${row.entity.id}`))
  return {
    changed: current.map(row => row.entity),
    // A first pull has nothing to take away.
    removed: rows.flatMap(({ removal, type, entity: { id } }) =>
      removal === null || position === undefined || live.has(`${type}:${id}`) ? [] : [{ type, id, reason: removal }],
    ),
    cursor: writeCursor({ epoch: store.epoch, binding, seen, issuedAt: now }, store.secret),
    hasMore,
    reset: position === undefined && wanted.since != null,
  }
}

function selectionsByPartition(
  viewer: Viewer,
  { scopes }: ChangesArguments,
  collections: ReadonlyMap<string, Collection>,
): Map<string, Selection[]> {
  const types = scopes == null ? [...collections.keys()] : scopes.map(scopeType)
  const partitions = new Map<string, Selection[]>()
  for (const type of [...new Set(types)].sort()) {
    const collection = collections.get(type)
    if (collection === undefined) {
      const known = [...collections.keys()].join(', ')
      throw refuse(
        ERROR_CODES.BAD_USER_INPUT,
        `scopes: there is no type "${type.slice(0, 64)}" to sync; there are ${known}.`,
        { field: 'scopes' },
      )
    }
    const selection = selectionFor(collection, viewer)
    if (selection === undefined) continue
    const partition = collection.partition(viewer)
    partitions.set(partition, [...(partitions.get(partition) ?? []), selection])
  }
  return partitions
}

function scopeType({ type, where }: { type: string; where?: unknown }): string {
  if (where != null) {
    throw refuse(
      ERROR_CODES.NOT_IMPLEMENTED,
      'scopes: filters (where) are not served yet; leave where out and the whole type comes.',
      { field: 'scopes.where' },
    )
  }
  return type
}

async function usable(
  since: string | null | undefined,
  binding: string,
  partitions: readonly string[],
  { store, now, horizonMs }: DeltaOptions,
): Promise<Position | undefined> {
  const position = since == null ? undefined : readCursor(since, store.secret)
  if (position === undefined || position.binding !== binding || position.epoch !== store.epoch) return undefined
  if (now - position.issuedAt > horizonMs) return undefined
  // Ahead of the data: the store went back in time (a restore), and its numbers will be given again.
  for (const partition of partitions) {
    if ((position.seen[partition] ?? 0) > (await store.view.head(partition))) return undefined
  }
  return position
}
