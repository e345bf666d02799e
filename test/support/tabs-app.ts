/** Tabs of one browser in one process: the notes application over one IndexedDB, locks and a channel that a test can disturb. */
import { HttpLink } from '@apollo/client'
import type { OfflineClientOptions } from 'layover/client'
import { expect, vi } from 'vitest'
import { type NotesClient, newName, notesCache, openNotes, shown, startGateway, UPDATE } from '../client/notes-app.ts'
import { fastClock } from './fast-clock.ts'
import { type Tab, TabHouse } from './tab-ports.ts'

export interface OpenTab extends NotesClient {
  readonly tab: Tab
}

/** How many times as fast time passes: a tab that hangs is noticed after a second instead of ten. */
const SPEED = 10

export class Browser {
  readonly house = new TabHouse()
  readonly tabs: OpenTab[] = []
  readonly #gateway: { url: string }
  readonly #options: Partial<OfflineClientOptions>
  readonly #speed: number
  readonly name = newName()

  constructor(gateway: { url: string }, options: Partial<OfflineClientOptions> = {}, speed = SPEED) {
    this.#gateway = gateway
    this.#options = options
    this.#speed = speed
  }

  async open(options: Partial<OfflineClientOptions> = {}): Promise<OpenTab> {
    const tab = this.house.openTab()
    const opened = await openNotes(this.#gateway, {
      name: this.name,
      tabs: tab,
      cache: notesCache(),
      clock: tab.clock(fastClock(this.#speed)),
      link: new HttpLink({ uri: this.#gateway.url, fetch: tab.fetch }),
      requestTimeoutMs: 60_000,
      ...this.#options,
      ...options,
    })
    const open = { ...opened, tab }
    this.tabs.push(open)
    return open
  }

  /** So many tabs; the first one leads. */
  async openAll(count: number): Promise<OpenTab[]> {
    const opened: OpenTab[] = []
    for (let index = 0; index < count; index += 1) opened.push(await this.open())
    return opened
  }

  get leader(): OpenTab | undefined {
    const holder = this.house.holder()
    return this.tabs.find(({ tab }) => tab === holder)
  }

  /** Another one than this leads, and has begun with it. */
  async led(than: OpenTab): Promise<OpenTab> {
    await vi.waitFor(
      () => {
        const { leader } = this
        if (!leader || leader === than) throw new Error('nobody else leads')
      },
      { timeout: 10_000 },
    )
    return this.leader!
  }
}

/** Of the notes that entries are about, in queue order. */
export const entryIds = ({ client }: OpenTab): string[] =>
  client.outbox.entries.map(
    ({ variables }) => (variables['input'] as { id: string } | undefined)?.id ?? String(variables['id']),
  )

/** All that a person can see in a tab. */
export const view = ({ client, cache }: OpenTab) => ({
  entries: client.outbox.entries,
  history: client.outbox.history,
  conflicts: client.conflicts.list,
  isPaused: client.outbox.paused,
  mode: client.connection.mode,
  notes: shown(cache),
})

/** Every tab shows what the first one does, and `check` holds in it. */
export const agree = (tabs: readonly OpenTab[], check: (tab: OpenTab) => void = () => undefined): Promise<void> =>
  vi.waitFor(
    () => {
      const [first] = tabs
      for (const tab of tabs) {
        check(tab)
        expect(view(tab)).toEqual(view(first!))
      }
    },
    { timeout: 10_000 },
  )

export const rename = ({ client }: OpenTab, id: string, title: string, baseVersion = 1) =>
  client.mutate({ mutation: UPDATE, variables: { id, baseVersion, patch: { title } } })

/** So many tabs over a gateway of their own; the first one leads. */
export async function openBrowser(count: number, options: ConstructorParameters<typeof Browser>[1] = {}) {
  const gateway = await startGateway()
  const browser = new Browser(gateway, options)
  const tabs = await browser.openAll(count)
  return { gateway, browser, tabs, a: tabs[0]!, b: tabs[1]!, c: tabs[2]! }
}
