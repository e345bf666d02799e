/** How Postgres runs the statements whose cost must not grow with what nobody asked for. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgres } from '../../server/store/postgres.ts'
import type { Query } from '../../server/store/postgres-connection.ts'
import { feedQuery, textsQuery } from '../../server/store/postgres-feed.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Node[]
}

const WINDOW = { after: 7, removalsAfter: 0, limit: 100 }

describe.skipIf(postgresMissing())('with fifty thousand records', () => {
  let url: string
  let client: pg.Client
  beforeAll(async () => {
    url = await freshDatabase()
    const store = postgres(url)
    await store.open()
    await store.close()
    client = new pg.Client(url)
    await client.connect()
    await client.query(`insert into layover.record (partition, type, key, change, owner, deleted, entity, text, shape, changed_at)
 select 'p' || n % 5, 'T' || n % 3, 'k' || n, n, 'o' || n % 50, n % 100 = 0, '{"name":"a"}', '{}', 's', n
 from generate_series(1, 50000) n`)
    await client.query(`insert into layover.departed select 'p' || n % 5, 'T' || n % 3, 'k' || n, 'o' || n % 50, n, '{}', n
 from generate_series(1, 10000) n`)
    await client.query('analyze')
  })
  afterAll(async () => {
    await client.end()
    await dropDatabase(url)
  })

  /** Every node of the plan, outermost first: with its values in sight, or made for any. */
  async function planOf({ sql, values = [] }: Query, mode: 'custom' | 'generic'): Promise<Node[]> {
    await client.query(`set plan_cache_mode = force_${mode}_plan`)
    await client.query(`prepare statement as ${sql}`)
    const literals = values.map(value => (value === null ? 'null' : pg.escapeLiteral(String(value))))
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Node }[] }>(
      `explain (format json) execute statement(${literals.join(', ')})`,
    )
    await client.query('deallocate statement')
    const flat = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(flat)]
    return rows.flatMap(row => row['QUERY PLAN'].flatMap(({ Plan }) => flat(Plan)))
  }
  const scans = (nodes: readonly Node[]): string[] =>
    nodes.filter(node => node['Relation Name'] !== undefined).map(node => `${node['Node Type']} ${node['Index Name']}`)
  /** What is sorted is already in order in its parts, or a few rows of a merge. */
  const sorts = (nodes: readonly Node[]): string[] =>
    nodes.flatMap(node =>
      node['Node Type'].includes('Sort')
        ? (node.Plans ?? []).map(child => child['Node Type']).filter(type => type !== 'Append')
        : [],
    )

  for (const mode of ['custom', 'generic'] as const) {
    it(`the feed is read over index ranges of the wanted types and owners alone (${mode} plan)`, async () => {
      const where = [[{ field: 'name', test: 'in' as const, values: ['a'] }]]
      const own = [
        { type: 'T1', owner: 'o1', shape: 's', where },
        { type: 'T2', owner: 'o1', shape: 's' },
      ]
      const whole = own.map(selection => ({ ...selection, owner: null }))
      const owned = 'Index Scan record_owner'
      const left = 'Index Scan departed_change'
      const typed = 'Index Scan record_type'
      for (const query of [feedQuery('p1', own, WINDOW, null), textsQuery('p1', own, WINDOW, null)]) {
        const plan = await planOf(query, mode)
        expect([scans(plan), sorts(plan)]).toEqual([[owned, left, owned, left], []])
        expect(plan.flatMap(node => node['Index Cond'] ?? []).every(cond => cond.includes('owner'))).toBe(true)
      }
      for (const query of [feedQuery('p1', whole, WINDOW, null), textsQuery('p1', whole, WINDOW, null)]) {
        const plan = await planOf(query, mode)
        expect([scans(plan), sorts(plan)]).toEqual([[typed, typed], []])
      }
    })
  }
})
