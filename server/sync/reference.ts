import { isDeepStrictEqual } from 'node:util'
import { asStored, domainFields, pick } from '../conflicts.ts'
import type { EntityRecord, Store, StoredRecord } from '../store/store.ts'
import { SHARED_PARTITION } from '../viewer.ts'
import type { Collection } from './collection.ts'

/** More than any catalogue we know; a longer one is refused, never cut. */
const MOST = 100_000

interface Setting {
  readonly store: Store
  readonly collections: ReadonlyMap<string, Collection>
  readonly now: number
}

/**
 * Makes `records` the shared reference data of `type`: new ones are added, changed ones get a version, missing ones are
 * removed, equal ones stay untouched, so that a refresh that brings nothing new sends nothing to any device.
 */
export function importRecords(
  { store, collections, now }: Setting,
  type: string,
  records: readonly { readonly id: string; readonly [field: string]: unknown }[],
): Promise<number> {
  const collection = collections.get(type)
  if (collection === undefined || collection.conflict !== 'none') {
    throw new Error(`${type} is not reference data: add defineCollection('${type}', referenceData)`)
  }
  if (records.length > MOST) throw new Error(`${type}: ${records.length} records, at most ${MOST} can be imported`)
  return store.write(SHARED_PARTITION, async unit => {
    const known = await unit.list({ partition: SHARED_PARTITION, selection: { type, owner: null }, first: MOST })
    const leftover = new Map(known.map(record => [record.key, record]))
    let changed = 0
    const put = (id: string, version: number, fields: Readonly<Record<string, unknown>> | null): void => {
      changed += 1
      const entity: EntityRecord = {
        __typename: type,
        id,
        version,
        updatedAt: new Date(now).toISOString(),
        updatedBy: null,
        ...fields,
      }
      const record: StoredRecord = {
        partition: SHARED_PARTITION,
        type,
        key: id,
        owner: null,
        deleted: fields === null,
        entity,
      }
      unit.put(record, { keepVersion: false, writtenBy: null })
    }
    for (const { id, ...given } of records) {
      const fields = asStored(given)
      leftover.delete(id)
      const before = (await unit.record(SHARED_PARTITION, type, id)) satisfies StoredRecord | undefined
      const same =
        before !== undefined &&
        !before.deleted &&
        isDeepStrictEqual(pick(before.entity, domainFields(before.entity)), fields)
      if (!same) put(id, (before?.entity.version ?? 0) + 1, fields)
    }
    for (const [id, { entity }] of leftover) put(id, entity.version + 1, null)
    return changed
  })
}
