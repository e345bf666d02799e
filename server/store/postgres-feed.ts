/** `changed`: one ordered read over as many index ranges as there are selections, merged by the number. */
import type { Queries, Query } from './postgres-connection.ts'
import { readable, toText } from './postgres-text.ts'
import type { ChangedRecord, Condition, FeedPage, FeedSelection, FeedTexts, FeedWindow } from './store.ts'

/** Rows that a filter may look at for one page: what no filter fits must not keep everybody waiting. */
const MOST_LOOKED_AT = 20_000

const EMPTY = new Uint8Array()

const OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

interface FeedRow {
  change: number
  removal: ChangedRecord['removal']
  ready: boolean
  body: string
}

export async function readFeed(
  queries: Queries,
  partition: string,
  selections: readonly FeedSelection[],
  window: FeedWindow,
): Promise<FeedPage> {
  if (selections.length === 0) return { rows: [], last: null, more: false }
  const lookedTo = await lookLimit(queries, partition, selections, window)
  const found = await queries.all<FeedRow>(
    feedQuery(partition, selections, { ...window, limit: window.limit + 1 }, lookedTo),
  )
  const rows = found.slice(0, window.limit)
  if (found.length > window.limit) return { rows, last: rows.at(-1)?.change ?? null, more: true }
  return { rows, last: lookedTo ?? rows.at(-1)?.change ?? null, more: lookedTo !== null }
}

interface TextsRow {
  count: number
  last: number | null
  ready: number
  text: string | null
  /** Of one row beyond the window. */
  beyond: boolean
}

export async function readTexts(
  queries: Queries,
  partition: string,
  selections: readonly FeedSelection[],
  window: FeedWindow,
): Promise<FeedTexts | undefined> {
  if (selections.length === 0) return { text: EMPTY, count: 0, last: null, more: false }
  if (window.limit < 1) return undefined
  const lookedTo = await lookLimit(queries, partition, selections, window)
  const [row] = await queries.all<TextsRow>(textsQuery(partition, selections, window, lookedTo))
  if (row === undefined || row.count === 0) return { text: EMPTY, count: 0, last: lookedTo, more: lookedTo !== null }
  if (row.ready !== row.count || row.text === null || row.last === null) return undefined
  const text = Buffer.from(row.text)
  if (row.beyond) return { text, count: row.count, last: row.last, more: true }
  return { text, count: row.count, last: lookedTo ?? row.last, more: lookedTo !== null }
}

/** The server joins the texts: a thousand strings less to make. */
export function textsQuery(
  partition: string,
  selections: readonly FeedSelection[],
  window: FeedWindow,
  lookedTo: number | null,
): Query {
  const feed = feedQuery(partition, selections, { ...window, limit: window.limit + 1 }, lookedTo)
  const values = [...(feed.values ?? []), window.limit]
  const within = `filter (where place <= $${values.length})`
  return {
    ...feed,
    sql: `select count(*) ${within} as count, max(change) ${within} as last,
 count(*) filter (where ready and place <= $${values.length}) as ready,
 string_agg(body, ',' order by change) ${within} as text, count(*) > $${values.length} as beyond
from (select f.*, row_number() over (order by change) as place from (
${feed.sql}) f) numbered`,
    values,
  }
}

/** The statement behind `changed`; exported so that a test can ask Postgres how it runs it. */
export function feedQuery(
  partition: string,
  selections: readonly FeedSelection[],
  window: FeedWindow,
  lookedTo: number | null,
): Query {
  const values: unknown[] = []
  const bind: Bind = value => `$${values.push(value)}`
  const limit = bind(window.limit)
  const place = bind(toText(partition))
  const branches = selections.flatMap(selection => {
    const type = bind(toText(selection.type))
    const owner = selection.owner === null ? null : bind(toText(selection.owner))
    const range = { place, type, owner, to: bind(lookedTo ?? Number.MAX_SAFE_INTEGER), limit }
    const branch = recordBranch(selection, range, window, bind)
    return owner === null ? [branch] : [branch, departedBranch(range, window, bind)]
  })
  return {
    sql: `select * from (\n${branches.map(branch => `(${branch})`).join('\nunion all\n')}) feed\norder by change limit ${limit}`,
    values,
    isRare: selections.some(({ where }) => where !== undefined),
  }
}

type Bind = (value: unknown) => string

interface Range {
  readonly place: string
  readonly type: string
  readonly owner: string | null
  readonly to: string
  readonly limit: string
}

function recordBranch(
  { where, shape = null }: FeedSelection,
  { place, type, owner, to, limit }: Range,
  { after, removalsAfter }: FeedWindow,
  bind: Bind,
): string {
  const fits = where === undefined ? undefined : filter(where, bind)
  const live = fits === undefined ? 'not deleted' : `(not deleted and (${fits}) is true)`
  const removal =
    fits === undefined
      ? `case when deleted then 'DELETED' end`
      : `case when deleted then 'DELETED' when (${fits}) is not true then 'OUT_OF_SCOPE' end`
  // A removal is never ready: a text in its place would bring back what left the filter.
  const ready =
    shape === null ? 'false' : `(shape is not null and shape = ${bind(shape)} and text is not null and ${live})`
  const body = shape === null ? 'entity' : `case when ${ready} then text else entity end`
  return `select change, ${removal} as removal, ${ready} as ready, ${body} as body from layover.record
where partition = ${place} and type = ${type}${owner === null ? '' : ` and owner = ${owner}`} and change > 0 and change > ${bind(after)} and change <= ${to}
and (change > ${bind(removalsAfter)} or ${live}) order by change limit ${limit}`
}

const departedBranch = (
  { place, type, owner, to, limit }: Range,
  { after, removalsAfter }: FeedWindow,
  bind: Bind,
): string => `select change, 'OUT_OF_SCOPE', false, entity from layover.departed
where partition = ${place} and type = ${type} and owner = ${owner} and change > ${bind(Math.max(after, removalsAfter))} and change <= ${to}
order by change limit ${limit}`

/** How far this page looks, or null for to the end. Counting runs over the index alone. */
async function lookLimit(
  queries: Queries,
  partition: string,
  selections: readonly FeedSelection[],
  { after }: FeedWindow,
): Promise<number | null> {
  let limit: number | null = null
  for (const { type, owner, where } of selections) {
    if (where === undefined) continue
    const [found] = await queries.all<{ change: number }>({
      sql: `select change from layover.record where partition = $1 and type = $2 and change > 0 and change > $3${owner === null ? '' : ' and owner = $4'}
 order by change limit 1 offset ${MOST_LOOKED_AT}`,
      values: [toText(partition), toText(type), after, ...(owner === null ? [] : [toText(owner)])],
    })
    if (found !== undefined && (limit === null || found.change < limit)) limit = found.change
  }
  return limit
}

const filter = (where: readonly (readonly Condition[])[], bind: Bind): string =>
  where.map(conditions => `(${conditions.map(condition => conditionOf(condition, bind)).join(' and ')})`).join(' or ')

/** A field of a record as JSON. Names and values are bound, never written into the statement. */
export const fieldOf = (name: string, bind: Bind): string =>
  `(coalesce(readable, entity)::jsonb -> ${bind(readable(name))}::text)`

function conditionOf({ field, test, values }: Condition, bind: Bind): string {
  const value = fieldOf(field, bind)
  if (test !== 'in') {
    const limit = values[0] ?? null
    if (typeof limit === 'number') {
      return `case when jsonb_typeof(${value}) = 'number' then (${value})::numeric ${OPERATORS[test]} ${bind(limit)}::numeric end`
    }
    const text = bind(readable(String(limit)))
    return `case when jsonb_typeof(${value}) = 'string' then (${value} #>> '{}') collate "C" ${OPERATORS[test]} ${text} end`
  }
  const present = bind(JSON.stringify(readable(values.filter(each => each !== null))))
  const one = `${value} in (select jsonb_array_elements(${present}::jsonb))`
  return values.includes(null) ? `(${value} is null or ${value} = 'null'::jsonb or ${one})` : one
}
