/** What a put of a record writes. */
import type { DepartedRow, RecordRowToWrite, VersionRow } from './postgres-pending.ts'
import { readableCopy, toText, toTextOrNull } from './postgres-text.ts'
import type { RecordVersion, Renderer, StoredRecord } from './store.ts'

export interface Put {
  readonly record: StoredRecord
  readonly keepVersion: boolean
  readonly writtenBy: RecordVersion['writtenBy']
}

/** Everything but the number, which is given when the unit joins its group. */
export interface PutRows {
  readonly put: Put
  readonly row: Omit<RecordRowToWrite, 'change'>
  readonly version: VersionRow | undefined
  /** It goes to another owner: the one who loses it. */
  readonly leaves: { readonly from: string; readonly row: Omit<DepartedRow, 'change'> } | undefined
  /** It comes, perhaps back, to its owner. */
  readonly returns: Omit<DepartedRow, 'change' | 'entity'> | undefined
}

export function rowsOf(put: Put, before: StoredRecord | null, renderer: Renderer | undefined): PutRows {
  const { type, key, owner, deleted, entity } = put.record
  const shape = deleted ? null : (renderer?.shapeOf(type) ?? null)
  const json = JSON.stringify(entity)
  const name = { type: toText(type), key: toText(key) }
  const from = before === null || before.owner === owner ? null : before.owner
  const { user = null, client = null } = put.writtenBy ?? {}
  const tombstone = (): string => JSON.stringify({ __typename: type, id: entity.id, version: entity.version })
  return {
    put,
    row: {
      ...name,
      owner: toTextOrNull(owner),
      deleted,
      entity: json,
      readable: readableCopy(json),
      text: shape === null ? null : (renderer?.text(entity) ?? null),
      shape,
    },
    version: put.keepVersion
      ? { ...name, version: entity.version, entity: json, user: toTextOrNull(user), client: toTextOrNull(client) }
      : undefined,
    leaves: from === null ? undefined : { from, row: { ...name, owner: toText(from), entity: tombstone() } },
    returns: owner === null || before?.owner === owner ? undefined : { ...name, owner: toText(owner) },
  }
}
