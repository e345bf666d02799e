/** One pull: the scope groups one after the other, each page after page to its end. */
import type { InMemoryCache } from '@apollo/client'
import type { DocumentNode } from 'graphql'
import { DEFAULT_PAGE } from '../protocol/protocol.ts'
import { type Delta, type Page, type PulledPage, readPage, type SeenTask } from './delta.ts'
import { LayoverError } from './layover-error.ts'
import { isLive, joined, regrouped, type ScopeGroup } from './scope-groups.ts'
import type { Scope, SyncOptions } from './sync.ts'
import { groupsIn, readSyncRecord } from './sync-record.ts'

export interface PullResult {
  changed: number
  removed: number
  pages: number
  /** The gateway made it start from nothing. */
  reset: boolean
}

/** In one pull. */
const MAX_RESETS = 3

interface PullingPorts {
  readonly cache: InMemoryCache
  readonly delta: Delta
  /** Called with each page before it is applied. */
  readonly arrived: (page: Page) => Promise<void>
  /** Called with each page and with the groups, as JSON, to which it was applied. */
  readonly applied?: (before: string, pulled: PulledPage) => void
}

export class Pulling {
  readonly document: DocumentNode
  /** That pages brought. */
  readonly tasks: SeenTask[] = []
  readonly #ports: PullingPorts
  readonly #pageSize: number
  readonly #scopes: readonly Scope[] | null
  readonly #signal: AbortSignal
  readonly #request: (variables: Record<string, unknown>) => Promise<Record<string, unknown>>
  readonly #result: PullResult = { changed: 0, removed: 0, pages: 0, reset: false }
  /** Bits of the groups that are through. */
  readonly #done = new Set<number>()
  #groups: readonly ScopeGroup[] = []
  /** Everything is pulled from the start, and the first page has not come yet. */
  #isAnew = false
  #resets = 0

  constructor(
    ports: PullingPorts,
    { document, pageSize = DEFAULT_PAGE }: SyncOptions,
    scopes: readonly Scope[] | null,
    signal: AbortSignal,
    request: (variables: Record<string, unknown>) => Promise<Record<string, unknown>>,
  ) {
    this.document = ports.cache.transformDocument(document)
    this.#ports = ports
    this.#pageSize = pageSize
    this.#scopes = scopes
    this.#signal = signal
    this.#request = request
  }

  async run(): Promise<PullResult> {
    const { cache, delta } = this.#ports
    const groups = regrouped(readSyncRecord(cache)?.groups ?? [], this.#scopes)
    if (groups) this.#groups = groups
    else this.#startAnew(this.#scopes)
    if (!this.#groups.some(isLive)) this.#result.removed += delta.complete(this.#groups, this.#types)
    // Those that are there come first: a new scope that the gateway refuses keeps none of them back.
    for (let [group] = this.#left; group; [group] = this.#left) await this.#page(group)
    return this.#result
  }

  async #page(group: ScopeGroup): Promise<void> {
    const { cache, delta, arrived, applied } = this.#ports
    const variables = {
      since: group.cursor,
      first: this.#pageSize,
      ...(group.scopes ? { scopes: group.scopes } : {}),
    }
    delta.asking()
    const page = readPage(this.document, await this.#request(variables))
    await arrived(page)
    if (this.#signal.aborted) throw this.#signal.reason
    let { bit } = group
    if (page.reset) {
      this.#resets += 1
      if (this.#resets > MAX_RESETS)
        throw new LayoverError('REFUSED', 'The gateway takes none of the cursors that it gives.')
      this.#result.reset = true
      // The page is the first of all there is, unless other groups have to start anew, too.
      const isWhole = this.#groups.filter(isLive).length === 1 && group.without.length === 0
      bit = this.#startAnew(isWhole ? group.scopes : this.#scopes)
      if (!isWhole) return
    }
    const completes = page.hasMore || this.#left.length > 1 ? undefined : this.#types
    const pulled = {
      document: this.document,
      variables,
      page,
      groups: this.#groups,
      bit,
      reset: this.#isAnew,
      completes,
    }
    const before = groupsIn(cache)
    this.#result.removed += await delta.apply(pulled, this.#signal)
    applied?.(before, pulled)
    this.#isAnew = false
    this.#groups = this.#groups.map(each => (each.bit === bit ? { ...each, cursor: page.cursor } : each))
    this.#result.changed += page.changed.length
    this.#result.pages += 1
    this.tasks.push(...delta.tasksOf(page))
    if (!page.hasMore) this.#done.add(bit)
  }

  /** Gives the bit of the one group that there is then. */
  #startAnew(scopes: readonly Scope[] | null): number {
    this.#groups = joined(scopes)
    this.#isAnew = true
    this.#done.clear()
    return this.#left[0]?.bit ?? 0
  }

  get #left(): ScopeGroup[] {
    return this.#groups.filter(group => isLive(group) && !this.#done.has(group.bit))
  }

  get #types(): readonly string[] | 'all' {
    return this.#scopes ? [...new Set(this.#scopes.map(scope => scope.type))] : 'all'
  }
}
