/**
 * Which records of a type are on this device: those that sync brought, that the gateway answered or that wait in the outbox.
 * The index lies in the cache beside the records, so a list is complete whenever they are; in pages, so that one record more
 * or less writes one page and not the whole list.
 */
import type { InMemoryCache, Reference } from '@apollo/client'
import { type DocumentNode, parse } from 'graphql'
import { forget, retainOnce } from './sync-record.ts'
import { type CacheStore, INDEX_TYPE, memoryIn, PAGE_LIMIT, type TypeMemory } from './type-memory.ts'

/** One scalar field of the record `LayoverIndex:<type>`. */
export interface IndexHead {
  readonly pages: number
  /** Cache ids that were deleted, the newest `GONE_LIMIT`: asked for one by one they are null, not a reason to ask the network. */
  readonly gone: readonly string[]
}

/** The same of `LayoverIndex:<type>:<page>`: records in the order in which they came. */
export interface IndexPage {
  readonly refs: readonly Reference[]
  /** Of each, the bits of the scope groups that hold it; 0: only an answer or the outbox told of it. */
  readonly held: readonly number[]
}

const GONE_LIMIT = 500
/** Up to here empty places do not matter. */
const FEW_PAGES = 8
const INDEX_QUERY: DocumentNode = parse('{ index }', { noLocation: true })

export const headId = (type: string): string => `${INDEX_TYPE}:${type}`
export const pageId = (type: string, page: number): string => `${INDEX_TYPE}:${type}:${page}`

/** Every type that has an index. */
export function indexedTypes(cache: InMemoryCache): string[] {
  return Object.keys(cache.extract())
    .filter(id => id.startsWith(`${INDEX_TYPE}:`) && !id.includes(':', INDEX_TYPE.length + 1))
    .map(id => id.slice(INDEX_TYPE.length + 1))
}

/** Bits of the scope groups that hold the record; 0 when none does. */
export function heldBy(cache: InMemoryCache, type: string, id: string): number {
  const place = memoryOf(cache, type, readHead(cache, type)).at.get(id)
  if (place === undefined) return 0
  return readPage(cache, type, Math.floor(place / PAGE_LIMIT))?.held[place % PAGE_LIMIT] ?? 0
}

/** Gives every record of the type other bits. Cache ids of those for which there are none: they have to leave. */
export function hold(
  cache: InMemoryCache,
  type: string,
  bits: (held: number, id: string) => number | undefined,
): string[] {
  const leaving: string[] = []
  const { pages } = readHead(cache, type) ?? { pages: 0 }
  for (let number = 0; number < pages; number += 1) {
    const page = readPage(cache, type, number)
    if (!page) continue
    const held = page.held.map((before, position) => {
      const id = page.refs[position]?.__ref ?? ''
      const after = bits(before, id)
      if (after === undefined) leaving.push(id)
      return after ?? before
    })
    if (held.some((each, position) => each !== page.held[position])) {
      write(cache, pageId(type, number), { ...page, held } satisfies IndexPage)
    }
  }
  return leaving
}

/** Takes the index off, and gives the cache ids that it held. */
export function dropIndex(cache: InMemoryCache, type: string): string[] {
  const { pages } = readHead(cache, type) ?? { pages: 0 }
  const ids: string[] = []
  for (let number = 0; number < pages; number += 1) {
    ids.push(...(readPage(cache, type, number)?.refs ?? []).map(ref => ref.__ref))
    forget(cache, pageId(type, number))
  }
  forget(cache, headId(type))
  return ids
}

/** What joins and leaves one type's index. */
class TypeChanges {
  /** Bits to add, by cache id. */
  readonly added = new Map<string, number>()
  /** Bits to take away, by cache id. */
  readonly left = new Map<string, number>()
  readonly mentioned = new Set<string>()
  readonly removed = new Set<string>()
}

/** Gathers what joins and leaves, so that each page is written once however many records change. */
export class IndexChanges {
  readonly #types = new Map<string, TypeChanges>()

  /** @param bit of the scope group that brought it */
  add(type: string, id: string, bit = 0): void {
    const { added, removed } = this.#of(type)
    added.set(id, (added.get(id) ?? 0) | bit)
    removed.delete(id)
  }

  /** Of an answer, which may come after the pull that brought the record's deletion: it joins unless it was deleted. */
  mention(type: string, id: string): void {
    const { mentioned, removed } = this.#of(type)
    mentioned.add(id)
    removed.delete(id)
  }

  /** It left the scope group of that bit, and others hold it still. */
  leave(type: string, id: string, bit: number): void {
    this.#of(type).left.set(id, bit)
  }

  remove(type: string, id: string): void {
    const { added, mentioned, removed } = this.#of(type)
    removed.add(id)
    added.delete(id)
    mentioned.delete(id)
  }

  /** Writes them into whatever the cache writes to at this moment, and starts afresh. */
  flush(cache: InMemoryCache): void {
    for (const [type, changes] of this.#types) {
      const head = readHead(cache, type)
      for (const id of changes.mentioned) {
        if (!head?.gone.includes(id)) changes.added.set(id, changes.added.get(id) ?? 0)
      }
      if (head !== undefined || changes.added.size > 0) writeChanges(cache, type, head, changes)
    }
    this.#types.clear()
  }

  #of(type: string): TypeChanges {
    const known = this.#types.get(type)
    if (known) return known
    const made = new TypeChanges()
    this.#types.set(type, made)
    return made
  }
}

/** Of the index where the cache writes to at this moment: what is another page, or another head, with these records in it. By cache id. */
export function pagesWith(
  cache: InMemoryCache,
  type: string,
  ids: ReadonlySet<string>,
): ReadonlyMap<string, IndexHead | IndexPage> {
  const head = readHead(cache, type) ?? { pages: 0, gone: [] }
  const { at } = memoryOf(cache, type, head)
  const found = new Map<string, IndexHead | IndexPage>()
  let { pages } = head
  const page = readPage(cache, type, pages - 1)
  let [refs, held] = [[...(page?.refs ?? [])], [...(page?.held ?? [])]]
  for (const id of ids) {
    if (at.has(id)) continue
    if (pages === 0 || refs.length >= PAGE_LIMIT) {
      pages += 1
      refs = []
      held = []
    }
    refs.push({ __ref: id })
    held.push(0)
    found.set(pageId(type, pages - 1), { refs, held })
  }
  const gone = head.gone.filter(id => !ids.has(id))
  if (pages !== head.pages || gone.length !== head.gone.length) found.set(headId(type), { pages, gone })
  return found
}

type Entry = [ref: Reference, held: number]

function writeChanges(
  cache: InMemoryCache,
  type: string,
  head: IndexHead | undefined,
  { added, left, removed }: TypeChanges,
): void {
  const { at } = memoryOf(cache, type, head)
  const before = head ?? { pages: 0, gone: [] }
  let { pages } = before
  const stored = new Map<number, IndexPage | undefined>()
  const pageOf = (number: number): IndexPage | undefined => {
    if (!stored.has(number)) stored.set(number, number < before.pages ? readPage(cache, type, number) : undefined)
    return stored.get(number)
  }
  const touched = new Map<number, Entry[]>()
  const entriesOf = (number: number): Entry[] => {
    let entries = touched.get(number)
    if (!entries) {
      const page = pageOf(number)
      entries = (page?.refs ?? []).map((ref, position) => [ref, page?.held[position] ?? 0])
      touched.set(number, entries)
    }
    return entries
  }
  for (const [id, bits] of left) {
    const place = at.get(id) ?? -1
    const entry = place < 0 ? undefined : entriesOf(Math.floor(place / PAGE_LIMIT))[place % PAGE_LIMIT]
    if (entry) entry[1] &= ~bits
  }
  const missing = new Map(added)
  for (const [id, bits] of added) {
    const place = at.get(id)
    if (place === undefined) continue
    missing.delete(id)
    const [number, position] = [Math.floor(place / PAGE_LIMIT), place % PAGE_LIMIT]
    if (((pageOf(number)?.held[position] ?? 0) & bits) === bits) continue
    const entry = entriesOf(number)[position]
    if (entry) entry[1] |= bits
  }
  const leaving = new Set([...removed].map(id => Math.floor((at.get(id) ?? -1) / PAGE_LIMIT)))
  leaving.delete(-1)
  for (const number of leaving) {
    touched.set(
      number,
      entriesOf(number).filter(([ref]) => !removed.has(ref.__ref)),
    )
  }
  if (pages > FEW_PAGES && (at.size + missing.size) * 4 < pages * PAGE_LIMIT) {
    // Most places are empty: close the gaps.
    const all = Array.from({ length: pages }, (_, number) => entriesOf(number)).flat()
    for (let number = 0; number < before.pages; number += 1) touched.set(number, all.splice(0, PAGE_LIMIT))
    while (pages > 0 && touched.get(pages - 1)?.length === 0) pages -= 1
  }
  for (const [id, bits] of missing) {
    if (pages === 0 || entriesOf(pages - 1).length >= PAGE_LIMIT) pages += 1
    entriesOf(pages - 1).push([{ __ref: id }, bits])
  }
  for (const [number, entries] of touched) {
    if (number >= pages) {
      forget(cache, pageId(type, number))
      continue
    }
    const page: IndexPage = { refs: entries.map(([ref]) => ref), held: entries.map(([, held]) => held) }
    write(cache, pageId(type, number), page)
  }
  const kept = before.gone.filter(id => !added.has(id) && !removed.has(id))
  const isKnown = head?.pages === pages && removed.size === 0 && kept.length === before.gone.length
  if (!isKnown)
    write(cache, headId(type), { pages, gone: [...kept, ...removed].slice(-GONE_LIMIT) } satisfies IndexHead)
}

function memoryOf(cache: InMemoryCache, type: string, head: IndexHead | undefined): TypeMemory {
  const store: CacheStore = cache['data']
  const memory = memoryIn(store, type)
  memory.follow(head?.pages ?? 0, number => readPage(cache, type, number)?.refs, store.parent !== undefined)
  return memory
}

const readHead = (cache: InMemoryCache, type: string): IndexHead | undefined => read<IndexHead>(cache, headId(type))
const readPage = (cache: InMemoryCache, type: string, page: number): IndexPage | undefined =>
  read<IndexPage>(cache, pageId(type, page))

/** As it stands where the cache writes to at this moment; `cache.modify` would tell, too, but takes ten times as long. */
const read = <T>(cache: InMemoryCache, id: string): T | undefined => cache['data'].get(id, 'index') as T | undefined

function write(cache: InMemoryCache, id: string, index: unknown): void {
  cache.write({ dataId: id, query: INDEX_QUERY, result: { __typename: INDEX_TYPE, index }, broadcast: false })
  retainOnce(cache, id)
}
