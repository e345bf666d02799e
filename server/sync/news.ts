/** News on its way: melted while it waits, and cut into messages that every bus takes. */
import type { News } from './bus.ts'

/** Bytes of a message: NOTIFY takes less than 8,000. https://www.postgresql.org/docs/15/sql-notify.html */
const MOST_BYTES = 7_900
/** Owners that are named in one piece of news. Beyond, an unneeded pull of a few costs less than naming all. */
const MOST_OWNERS = 100
/** Partitions that wait while the bus is away. Those beyond are found by the next look. */
const MOST_PARTITIONS = 10_000

/** What waits to be told: one piece a partition. */
export class MeltedNews {
  readonly #waiting = new Map<string, News>()

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  add(news: readonly News[]): void {
    for (const one of news) {
      const waiting = this.#waiting.get(one.partition)
      if (waiting === undefined && this.#waiting.size >= MOST_PARTITIONS) continue
      this.#waiting.set(one.partition, melted(one, waiting))
    }
  }

  /** All of it, which is then gone from here. */
  take(): News[] {
    const news = [...this.#waiting.values()]
    this.#waiting.clear()
    return news
  }
}

function melted({ partition, owners, head }: News, waiting: News | undefined): News {
  if (owners === 'anybody' || waiting?.owners === 'anybody') {
    return { partition, owners: 'anybody', head: Math.max(head, waiting?.head ?? 0) }
  }
  const all = new Set([...(waiting?.owners ?? []), ...owners])
  return {
    partition,
    owners: all.size > MOST_OWNERS ? 'anybody' : [...all],
    head: Math.max(head, waiting?.head ?? 0),
  }
}

export interface Message {
  /** Of the process that tells. */
  readonly from: string
  readonly news: readonly News[]
}

/** As few messages as hold it. No news at all is one message, with which a bus is tried. */
export function messagesOf({ from, news }: Message): string[] {
  const frame = Buffer.byteLength(JSON.stringify({ from, news: [] }))
  const pages: string[][] = []
  let room = 0
  for (const one of news) {
    const text = fitting(one, MOST_BYTES - frame)
    const bytes = Buffer.byteLength(text) + 1
    if (pages.length === 0 || bytes > room) {
      pages.push([])
      room = MOST_BYTES - frame
    }
    pages.at(-1)?.push(text)
    room -= bytes
  }
  if (pages.length === 0) pages.push([])
  return pages.map(page => `{"from":${JSON.stringify(from)},"news":[${page.join(',')}]}`)
}

/** Long names of owners are left out before the message grows too large. */
function fitting(news: News, most: number): string {
  const text = JSON.stringify(news)
  return Buffer.byteLength(text) < most ? text : JSON.stringify({ ...news, owners: 'anybody' })
}

/** Undefined for what no gateway sends: anybody who reaches the bus can write to it. */
export function readMessage(text: string): Message | undefined {
  if (text.length > MOST_BYTES) return undefined
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(message)) return undefined
  const { from, news } = message
  return typeof from === 'string' && Array.isArray(news) && news.every(isNews) ? { from, news } : undefined
}

function isNews(value: unknown): value is News {
  if (!isObject(value)) return false
  const { partition, owners, head } = value
  if (typeof partition !== 'string' || !Number.isSafeInteger(head)) return false
  return owners === 'anybody' || (Array.isArray(owners) && owners.every(isOwner))
}

const isOwner = (value: unknown): value is string | null => value === null || typeof value === 'string'

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
