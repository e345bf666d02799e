/**
 * The view of what waits: one optimistic layer over the cache for the whole queue.
 *
 * A layer of its own per task costs 10 to 100 times as much, for Apollo replays every layer above the one that is removed.
 * And a layer holds whole records, so it hides what is later written below it: after every change of the base it is
 * rebuilt, as one batch with that change, so that no watcher sees anything in between. The rebuilding goes over a spare
 * layer, because Apollo replays a layer only when one below it is removed.
 */
import type { InMemoryCache } from '@apollo/client'
import type { BaseWrites } from './base-writes.ts'
import type { Overlay } from './entry.ts'
import { FittedChanges, type Known, type TentativeChange } from './fitted-changes.ts'
import { type EditableLayer, putRecord, redoIndex, redoRecords, replacedBy } from './layer-edit.ts'
import { LayoverError } from './layover-error.ts'
import { IndexChanges } from './record-index.ts'
import { recordsOf } from './tentative-result.ts'
import { forgetResult, heldVersion, isOutdated, RESULT_ID, type SettledAnswer, writeResult } from './written-result.ts'

type Fields = Record<string, unknown>

export interface LayerChange {
  readonly remove?: Iterable<string>
  readonly add?: readonly TentativeChange[]
  /** Writes to the base in the same batch. */
  readonly write?: (cache: InMemoryCache, index: IndexChanges) => void
}

export class OptimisticLayer {
  readonly #cache: InMemoryCache
  readonly #base: BaseWrites
  readonly #listed: boolean
  readonly #report: (error: LayoverError) => void
  readonly #fitted: FittedChanges
  readonly #stop: (() => void)[]
  #changes: TentativeChange[] = []
  #generation = 0
  /** Name of the layers that hold the view; undefined while there is none. */
  #current: string | undefined
  #index: IndexChanges | undefined
  /** Where the changes of each of our layers but the lowest begin. */
  #starts: number[] = []
  /** So many changes are in the lowest of our layers. */
  #covered = 0
  #writing = false
  #scheduled = false

  /** @param listed whether records of answers join the synced lists: only where a pull will bring the rest */
  constructor(cache: InMemoryCache, base: BaseWrites, listed: boolean, report: (error: LayoverError) => void) {
    this.#cache = cache
    this.#fitted = new FittedChanges(cache)
    this.#base = base
    this.#listed = listed
    this.#report = report
    this.#stop = [
      base.subscribe({ written: () => this.#schedule(), replaced: () => this.#recreate() }),
      base.onEviction((id, type) => this.#evicted(id, type)),
    ]
  }

  /**
   * Lays one more change on top, and gives the foreseen answer as the view now holds it: fields that `optimistic` left out
   * are filled from the records. Throws what the application's `update` throws; then nothing is changed.
   */
  add(change: TentativeChange): Fields {
    const foreseen = this.#isOnTop() ? this.#addToLayer(change) : this.#addLayer(change)
    this.#changes.push(change)
    this.#fitted.add(change)
    return foreseen
  }

  /** The foreseen answer of a change that is shown already, as the view holds it. */
  foreseen(change: TentativeChange): Fields {
    const values = { ...change, update: undefined, overlay: undefined }
    return this.#isOnTop() ? this.#addToLayer(values) : this.#addLayer(values)
  }

  /** One broadcast for everything. */
  change({ remove = [], add = [], write }: LayerChange): void {
    const gone = new Set(remove)
    const removed = gone.size > 0 ? this.#changes.filter(each => gone.has(each.id)) : []
    if (gone.size > 0) this.#changes = this.#changes.filter(each => !gone.has(each.id))
    if (add.length > 0) this.#changes = [...this.#changes, ...add].sort((a, b) => a.sequence - b.sequence)
    const wasClear = this.#fitted.isClear
    for (const each of removed) this.#fitted.remove(each)
    for (const each of add) this.#fitted.add(each)
    const layer = wasClear && this.#fitted.isClear && this.#changes.length > 0 && this.#lowest()
    if (layer) this.#edit(layer, new Set([...removed, ...add].flatMap(each => this.#fitted.of(each).ids)), write)
    else this.#rebase(write)
  }

  /**
   * Writes an answer to the base as Apollo writes a mutation's: records, lists, then the application's `update`. One that was
   * so long on its way that a pull has brought a newer state of its record is not written.
   */
  writeAnswer(cache: InMemoryCache, index: IndexChanges, answer: SettledAnswer): void {
    if (!isOutdated(cache, answer.data)) {
      writeResult(cache, answer.document, answer.variables, answer.data)
      this.#list(index, recordsOf(this.#cache, answer.data), true)
    }
    try {
      answer.update?.(cache, answer.data)
    } catch (error) {
      this.#report(updateFailed(answer.name, error))
    }
    forgetResult(cache)
  }

  /** Sets fields of a record that is there. `unlessNewer`: what a pull has brought since the decision stays. */
  lay(cache: InMemoryCache, { type, id, values, version }: Overlay, { unlessNewer = false } = {}): void {
    const record = cache.identify({ __typename: type, id })
    if (record === undefined) return
    if (unlessNewer && version != null && heldVersion(cache, record) > version) return
    const fields = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, () => value]))
    cache.modify({ id: record, fields, broadcast: false })
  }

  close(): void {
    for (const stop of this.#stop) stop()
    this.#changes = []
    this.#fitted.clear()
    this.#rebase()
  }

  /**
   * Writes into the layer that is there. Apollo's own way puts a layer upon the layers for every change, and every read walks
   * them all: with 1,000 changes and a list of 1,000 on the screen that was three to four times as slow. Apollo says nothing of
   * these two names; test/client/view.test.ts tells when they change.
   */
  #addToLayer(change: TentativeChange): Fields {
    const cache = this.#cache
    let foreseen: Fields = change.result
    try {
      cache.batch({
        optimistic: true,
        update: () => {
          cache['data'] = cache['optimisticData'] // `batch` puts both back.
          this.#tentatively(() => {
            foreseen = this.#apply(change, true)
          })
        },
      })
    } catch (error) {
      this.#rebase() // Half of it may be in the layer.
      throw error
    }
    return foreseen
  }

  /** The public way: when there is no layer of ours, or somebody's layer lies upon it. */
  #addLayer(change: TentativeChange): Fields {
    const isLowest = this.#current === undefined
    const id = this.#current ?? this.#nextLayer()
    const start = this.#changes.length
    const place = isLowest ? 0 : this.#starts.push(start)
    let foreseen: Fields = change.result
    let isNew = true
    this.#cache.recordOptimisticTransaction(() => {
      const apply = (): void => {
        foreseen = this.#apply(change, true)
      }
      // Replayed when somebody's layer below is removed.
      if (isNew) this.#tentatively(apply)
      else if (isLowest) this.#applyLowest()
      else this.#tentatively(() => this.#applyAll(Math.max(start, this.#covered), this.#starts[place]))
      isNew = false
    }, id)
    this.#current = id
    return foreseen
  }

  /** Whether the topmost layer is ours. */
  #isOnTop(): boolean {
    const top: object = this.#cache['optimisticData']
    return this.#current !== undefined && 'id' in top && top.id === this.#current
  }

  /** Our layer, if it is the only one. */
  #lowest(): EditableLayer | undefined {
    const layer = this.#cache['optimisticData'] as unknown as EditableLayer
    const isLowest = this.#isOnTop() && layer.parent?.parent === (this.#cache['data'] as unknown)
    return isLowest ? layer : undefined
  }

  /** Changes of the layer what is different now; the cost is theirs, whatever else waits. */
  #edit(layer: EditableLayer, touched: Set<string>, write: LayerChange['write']): void {
    const cache = this.#cache
    let failure: { error: unknown } | undefined
    this.#covered = 0
    this.#writing = true
    try {
      cache.batch({
        optimistic: true,
        update: () => {
          const changed = replacedBy(cache, this.#fitted.ids, () => {
            failure = this.#write(write)
          })
          for (const id of changed) touched.add(id)
          const index = this.#listed ? this.#fitted.pages(this.#changes) : new Map<string, unknown>()
          cache['data'] = cache['optimisticData'] // `batch` puts both back.
          this.#base.tentatively(() => {
            redoRecords(layer, touched, () => {
              for (const change of this.#fitted.writing(touched)) {
                for (const [id, part] of this.#fitted.now(change).parts ?? [])
                  if (touched.has(id)) putRecord(layer, id, part)
              }
            })
            redoIndex(layer, index)
          })
        },
      })
    } catch (error) {
      failure ??= { error }
      this.#rebase() // Half of it may be in the layer.
    } finally {
      this.#writing = false
    }
    if (!this.#fitted.isClear) this.#rebase()
    if (failure) throw failure.error
  }

  /** Gives what `write` threw: the layer has to be brought up to date all the same. */
  #write(write: LayerChange['write']): { error: unknown } | undefined {
    let failure: { error: unknown } | undefined
    if (!write) return undefined
    this.#cache.batch({
      optimistic: false,
      update: () => {
        const index = new IndexChanges()
        this.#index = index
        try {
          write(this.#cache, index)
        } catch (error) {
          failure = { error }
        } finally {
          index.flush(this.#cache)
          this.#index = undefined
        }
      },
    })
    return failure
  }

  #rebase(write?: LayerChange['write']): void {
    const old = this.#current
    if (old === undefined && write === undefined && this.#changes.length === 0) return
    let failure: { error: unknown } | undefined
    const next = this.#changes.length > 0 ? this.#nextLayer() : undefined
    const everything = (): void => this.#applyLowest()
    this.#starts = []
    this.#covered = 0
    this.#writing = true
    try {
      if (old !== undefined && next !== undefined) {
        let first = true
        this.#cache.recordOptimisticTransaction(() => {
          if (first) first = false
          else everything()
        }, next)
      }
      this.#cache.batch({
        optimistic: false,
        ...(old === undefined ? {} : { removeOptimistic: old }),
        update: () => {
          failure = this.#write(write)
        },
      })
      if (old === undefined && next !== undefined) this.#cache.recordOptimisticTransaction(everything, next)
    } finally {
      this.#writing = false
    }
    this.#current = next
    if (failure) throw failure.error
  }

  /** Made anew, the lowest of our layers stands for all changes. */
  #applyLowest(): void {
    this.#covered = this.#changes.length
    this.#tentatively(() => this.#applyAll())
  }

  #applyAll(start = 0, end?: number): void {
    for (const change of this.#changes.slice(start, end)) {
      try {
        this.#apply(change, false)
      } catch (error) {
        this.#report(updateFailed(change.name, error))
      }
    }
  }

  #apply(change: TentativeChange, readBack: boolean): Fields {
    const cache = this.#cache
    const { parts, whole } = this.#fitted.now(change, readBack)
    const isWritten = readBack || parts === undefined
    if (isWritten) writeResult(cache, whole().document, change.variables, whole().result)
    else for (const [id, part] of parts) putRecord(cache['data'] as unknown as EditableLayer, id, part)
    if (this.#index) this.#list(this.#index, this.#fitted.of(change).records, false)
    change.update?.(cache, whole().result)
    if (change.overlay) this.lay(cache, change.overlay)
    const foreseen = readBack
      ? (cache.read<Fields>({
          query: change.document,
          variables: change.variables,
          rootId: RESULT_ID,
          optimistic: true,
          returnPartialData: true,
        }) as Fields | null)
      : null
    if (isWritten) forgetResult(cache)
    return foreseen ?? change.result
  }

  #list(index: IndexChanges, records: Known['records'], isAnswer: boolean): void {
    if (!this.#listed) return
    for (const { type, id } of records) if (type !== 'Task') index[isAnswer ? 'mention' : 'add'](type, id)
  }

  #tentatively(run: () => void): void {
    const outer = this.#index
    const index = new IndexChanges()
    this.#index = index
    try {
      this.#base.tentatively(() => {
        run()
        index.flush(this.#cache)
      })
    } finally {
      this.#index = outer
    }
  }

  #evicted(id: string, type: string | undefined): void {
    if (type === undefined) return
    const index = this.#index ?? new IndexChanges()
    index.remove(type, id)
    if (!this.#index) index.flush(this.#cache)
  }

  /** Somebody else wrote to the base: the view is what waits, over what is there now. */
  #schedule(): void {
    if (this.#writing || this.#scheduled || this.#changes.length === 0) return
    this.#scheduled = true
    void Promise.resolve().then(() => {
      this.#scheduled = false
      if (this.#changes.length > 0) this.#rebase()
    })
  }

  #recreate(): void {
    this.#current = undefined
    this.#rebase()
  }

  #nextLayer(): string {
    this.#generation += 1
    return `layover#${this.#generation}`
  }
}

const updateFailed = (name: string, cause: unknown): LayoverError =>
  new LayoverError('UPDATE_FAILED', `\`update\` of the task ${name} threw; its change is not shown.`, cause)
