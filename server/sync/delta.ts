/**
 * `changes`: what is new to a viewer since a cursor. The feed is the rows themselves, in the order of their last change, so a
 * record that changed a hundred times comes once. Incremental pull after Azure Mobile Apps' offline sync, with a commit
 * number where that has a time stamp: time stamps lose the rows of a slower concurrent writer.
 */
import { type Clock, ERROR_CODES, MAX_PAGE } from '../../protocol/index.ts'
import { refuse } from '../errors.ts'
import type { Observer } from '../observe/observer.ts'
import type { PlainFields } from '../plain-fields.ts'
import { type Presenter, presented } from '../present.ts'
import type { EntityRecord, FeedSelection, Store } from '../store/store.ts'
import { TASK_TYPE } from '../tasks/task.ts'
import type { Viewer } from '../viewer.ts'
import type { Collection } from './collection.ts'
import { bindingOf, type Position, readCursor, writeCursor } from './cursor.ts'
import { type ScopeInput, selectionsByPartition } from './scopes.ts'

export interface ChangesArguments {
  readonly since?: string | null
  readonly scopes?: readonly ScopeInput[] | null
  readonly first: number
}

export interface Removal {
  readonly type: string
  readonly id: string
  readonly reason: 'DELETED' | 'OUT_OF_SCOPE'
}

export interface ChangePage {
  readonly changed: readonly EntityRecord[]
  readonly removed: readonly Removal[]
  readonly cursor: string
  readonly hasMore: boolean
  readonly reset: boolean
}

/** A page whose changed records are still as the store has them. */
export interface RawPage extends Omit<ChangePage, 'changed'> {
  readonly rows: readonly RawRecord[]
}

/** `ready`: one or several ready texts, a comma between two, and in UTF-8 if there are many. Otherwise one entity as JSON. */
export type RawRecord =
  | { readonly ready: true; readonly body: string | Uint8Array }
  | { readonly ready: false; readonly body: string }

export interface DeltaOptions {
  readonly store: Store
  readonly collections: ReadonlyMap<string, Collection>
  readonly fields: PlainFields
  readonly presenter: Presenter
  readonly observer: Required<Observer>
  readonly clock: Clock
  readonly now: number
  /** How long tombstones are kept: an older cursor starts anew. */
  readonly horizonMs: number
}

export async function changesFor(viewer: Viewer, wanted: ChangesArguments, options: DeltaOptions): Promise<ChangePage> {
  const { rows, ...page } = await readPage(viewer, wanted, options)
  const changed: EntityRecord[] = []
  for (const { body, ready } of rows) {
    if (ready) throw new Error('no ready texts were asked for')
    changed.push(await presented(options.presenter, viewer, JSON.parse(body) as EntityRecord))
  }
  return { ...page, changed }
}

/** The one place that decides which rows a viewer is sent. `shapeOf` says of which types ready texts are wanted, if any. */
export async function readPage(
  viewer: Viewer,
  wanted: ChangesArguments,
  options: DeltaOptions,
  shapeOf?: (type: string) => string | null,
): Promise<RawPage> {
  const { store, now } = options
  // As it was before anything was read: should another history begin meanwhile, the cursor is of none and the next pull starts anew.
  const { epoch } = store
  if (!Number.isInteger(wanted.first) || wanted.first < 1 || wanted.first > MAX_PAGE) {
    throw refuse(ERROR_CODES.BAD_USER_INPUT, `first must be from 1 to ${MAX_PAGE}.`, { field: 'first' })
  }
  const partitions = selectionsByPartition(viewer, wanted.scopes, options)
  const binding = bindingOf([viewer.tenant, viewer.user, ...boundTo(viewer, partitions, options)])
  const position = await usable(wanted.since, binding, [...partitions.keys()], options)
  const seen: Record<string, number> = { ...position?.seen }
  const start: Record<string, number> = { ...position?.start }
  const rows: RawRecord[] = []
  const removed: Removal[] = []
  let room = wanted.first
  let hasMore = false
  for (const [partition, selections] of partitions) {
    if (hasMore) break
    // Read before the rows, so that what commits in between is not passed over.
    const head = await store.view.head(partition)
    if (seen[partition] === undefined) start[partition] = head
    const after = seen[partition] ?? 0
    const window = { after, removalsAfter: start[partition] ?? 0, limit: room }
    const shaped = selections.map(selection => ({ ...selection, shape: shapeOf?.(selection.type) ?? null }))
    const texts = shapeOf && (await store.view.changedTexts(partition, shaped, window))
    const found = texts ?? (await store.view.changed(partition, shaped, window))
    if ('text' in found) {
      if (found.count > 0) rows.push({ ready: true, body: found.text })
      room -= found.count
    } else {
      for (const row of found.rows) {
        if (row.removal === null) rows.push({ ready: row.ready, body: row.body })
        else removed.push(removalOf(row.removal, row.body))
      }
      room -= found.rows.length
    }
    hasMore = found.more
    const reached = hasMore ? (found.last ?? after) : Math.max(found.last ?? after, head)
    seen[partition] = reached
    if (reached >= (start[partition] ?? 0)) delete start[partition]
  }
  // Of a device that is not through yet the cursor ages from where it began: what it has still to be told must not be pruned.
  const issuedAt = hasMore && position !== undefined ? position.issuedAt : now
  const records = wanted.first - room
  options.observer.pulled({ records, durationMs: options.clock.now() - now, ready: shapeOf !== undefined })
  return {
    rows,
    removed,
    cursor: writeCursor({ epoch, binding, seen, start, issuedAt }, store.secret),
    hasMore,
    reset: position === undefined && wanted.since != null,
  }
}

function removalOf(reason: Removal['reason'], body: string): Removal {
  const { __typename: type, id } = JSON.parse(body) as EntityRecord
  return { type, id, reason }
}

/** What of a viewer's rights a cursor is bound to: with other rights he has to be sent other rows, or the same ones differently. */
function boundTo(
  viewer: Viewer,
  partitions: ReadonlyMap<string, readonly FeedSelection[]>,
  { collections }: DeltaOptions,
): unknown[] {
  const rightsTo = (type: string): unknown[] => {
    if (type !== TASK_TYPE) return [collections.get(type)?.hides(viewer) ?? []]
    // The conflict of a task shows fields of any type.
    return [...collections.values()].map(collection => [
      collection.type,
      collection.mayRead(viewer),
      collection.hides(viewer),
    ])
  }
  return [...partitions].map(([partition, selections]) => [
    partition,
    selections.map(selection => [selection, rightsTo(selection.type)]),
  ])
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
    const seen = position.seen[partition]
    if (seen === undefined) continue
    if (seen > (await store.view.head(partition))) return undefined
    // By date it is young enough, but the horizon was shorter or the clock ahead for a while.
    if (Math.max(seen, position.start?.[partition] ?? 0) < (await store.view.pruned(partition))) return undefined
  }
  return position
}
