/** A device without a network: cache, view and delta as the client puts them together, and pages made by hand. */
import { type FieldPolicy, InMemoryCache } from '@apollo/client'
import { type DocumentNode, parse } from 'graphql'
import { systemClock } from 'layover/protocol'
import { BaseWrites } from '../../client/base-writes.ts'
import { Delta } from '../../client/delta.ts'
import type { TentativeChange } from '../../client/fitted-changes.ts'
import { OptimisticLayer } from '../../client/optimistic.ts'
import { readSyncRecord } from '../../client/sync-record.ts'

export interface TestNote {
  id: string
  version?: number
  title: string
  rank: number
  done: boolean
  owner: { __typename: 'Person'; id: string; name: string } | null
}

const FIELDS = 'id version title rank done owner { id name }'
const CHANGES = parse(
  `query Changes { changes { cursor hasMore reset removed { type id } changed { id ... on Note { ${FIELDS} } } } }`,
)
const SAVE = parse(`query Save { saveNote { note { ${FIELDS} } } }`)
const DROP = parse('query Drop { dropNote { note { id } } }')

export class RecordsDevice {
  readonly cache: InMemoryCache
  readonly layer: OptimisticLayer
  readonly delta: Delta
  readonly waiting: TentativeChange[] = []
  readonly errors: unknown[] = []
  readonly #document: DocumentNode
  #sequence = 0

  constructor(fields: Record<string, FieldPolicy>) {
    this.cache = new InMemoryCache({
      possibleTypes: { Entity: ['Note', 'Task'] },
      typePolicies: { Query: { fields } },
    })
    this.layer = new OptimisticLayer(this.cache, new BaseWrites(this.cache), true, error => this.errors.push(error))
    this.delta = new Delta(this.cache, this.layer, systemClock)
    this.#document = this.cache.transformDocument(CHANGES)
  }

  /** One page that is the whole of a pull. */
  async pull(changed: readonly TestNote[], removed: readonly string[] = [], reset = false): Promise<void> {
    this.#sequence += 1
    const known = readSyncRecord(this.cache)
    await this.delta.apply(
      {
        document: this.#document,
        variables: {},
        groups: reset
          ? [
              { bit: 1, scopes: null, cursor: null, without: 'all' },
              { bit: 2, scopes: null, cursor: null, without: [] },
            ]
          : (known?.groups ?? [{ bit: 2, scopes: null, cursor: null, without: [] }]),
        bit: 2,
        reset,
        completes: 'all',
        page: {
          changed: changed.map(note => ({ __typename: 'Note', version: this.#sequence, ...note })),
          removed: removed.map(id => ({ __typename: 'Removal', type: 'Note', id })),
          cursor: `c${this.#sequence}`,
          hasMore: false,
          reset,
        },
      },
      new AbortController().signal,
    )
  }

  /** Queues a change of a note, or a new one. */
  save(note: Partial<TestNote> & { id: string }): void {
    this.#add(SAVE, 'saveNote', { __typename: 'NotePayload', note: { __typename: 'Note', ...note } })
  }

  drop(id: string): void {
    this.#add(DROP, 'dropNote', { __typename: 'NotePayload', note: null }, cache => {
      cache.evict({ id: `Note:${id}` })
    })
  }

  /** The oldest waiting change is answered, or refused. */
  settle(confirmed: boolean): void {
    const change = this.waiting.shift()
    if (!change) return
    this.layer.change({
      remove: [change.id],
      ...(confirmed && {
        write: (cache, index) =>
          this.layer.writeAnswer(cache, index, { ...change, data: change.result, update: change.update }),
      }),
    })
  }

  #add(
    document: DocumentNode,
    field: string,
    payload: Record<string, unknown>,
    update?: (cache: InMemoryCache) => void,
  ): void {
    this.#sequence += 1
    const change: TentativeChange = {
      id: `t${this.#sequence}`,
      sequence: this.#sequence,
      name: field,
      field,
      queuedAt: new Date(0).toISOString(),
      document: this.cache.transformDocument(document),
      variables: {},
      result: { [field]: payload },
      update,
    }
    this.layer.add(change)
    this.waiting.push(change)
  }
}
