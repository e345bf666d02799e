/** GraphiQL keeps tabs, sizes and theme in localStorage under this prefix, and what it keeps wins over the example tabs. */
const PREFIX = 'graphiql:'
const TABS = `${PREFIX}tabState`

/**
 * The open editors, kept a second time beside the tabs. They are written at other moments, so that after a reload the
 * two disagree and GraphiQL opens one more tab with half of the contents. We keep the tabs alone.
 */
const EDITORS: ReadonlySet<string> = new Set(['query', 'variables', 'headers'].map(name => PREFIX + name))

/** `Storage` as GraphiQL uses it, with a way to forget the tabs. */
export interface TabStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
  clear(): void
  readonly length: number
  /** What the active tab held when the page was left; undefined on a first visit. */
  readonly activeTab: { query: string; variables: string } | undefined
  /** Forgets every tab. Nothing is written afterwards: GraphiQL stores tabs half a second late, which would bring them back. */
  forgetTabs(): void
}

interface StoredTabs {
  activeTabIndex: number
  tabs: { query: string | null; variables: string | null }[]
}

function storedActiveTab(): TabStorage['activeTab'] {
  try {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem(TABS) ?? '{}') as StoredTabs
    const tab = tabs[activeTabIndex]
    return tab && { query: tab.query ?? '', variables: tab.variables ?? '' }
  } catch {
    return undefined // Nothing stored, or not by this version: GraphiQL starts with the examples as well.
  }
}

export function createTabStorage(): TabStorage {
  let closed = false
  const keys = (): string[] => Object.keys(localStorage).filter(key => key.startsWith(PREFIX))
  return {
    activeTab: storedActiveTab(),
    getItem: key => (EDITORS.has(key) ? null : localStorage.getItem(key)),
    setItem(key, value) {
      if (!closed && !EDITORS.has(key)) localStorage.setItem(key, value)
    },
    removeItem: key => localStorage.removeItem(key),
    clear() {
      for (const key of keys()) localStorage.removeItem(key)
    },
    get length() {
      return keys().length
    },
    forgetTabs() {
      closed = true
      localStorage.removeItem(TABS)
    },
  }
}
