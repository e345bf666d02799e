/**
 * How long after a restart is the view readable: 10,000 records of sync and 500 waiting tasks over them?
 *
 * Against it, in turns and in pages of the same browser: stock apollo3-cache-persist on localforage, which restores the same cache
 * and knows no tasks. The time from a loaded page until a query of the first 50 records has its answer.
 * `npm run bench:restart`. Wanted: at most 1.
 */
import type { Page } from 'playwright-core'
import { openLab } from '../test/lab/lab.ts'
import { median, print, spread } from './support/figures.ts'

const RECORDS = 10_000
const TASKS = 500
const ROUNDS = 11

const lab = await openLab(new URL('./support/stock-page.ts', import.meta.url))

async function inFreshPage<T>(run: (page: Page) => Promise<T>): Promise<T> {
  const page = await lab.page()
  try {
    return await run(page)
  } finally {
    await page.close()
  }
}

try {
  for (let index = 0; index < RECORDS; index += 1)
    lab.gateway.write({ id: `n${index}`, title: `note ${index}`, body: 'x'.repeat(250), count: index, done: false })
  await inFreshPage(page =>
    page.evaluate(async count => {
      await window.lab.open({ name: 'restart' })
      const { client, documents } = window.lab
      await client.sync.pull()
      client.connection.setMode('offline')
      await Promise.all(
        Array.from({ length: count }, (_each, index) =>
          client.mutate({
            mutation: documents.CREATE,
            variables: { input: { id: `t${index}`, title: `task ${index}`, body: 'x'.repeat(100) } },
          }),
        ),
      )
      await window.stock.persist(client.cache)
      await client.close()
    }, TASKS),
  )
  const ours = (): Promise<number> =>
    inFreshPage(page =>
      page.evaluate(async () => {
        const { PAGE, NOTES } = window.lab.documents
        const begin = performance.now()
        await window.lab.open({ name: 'restart' })
        const { client } = window.lab
        const read = client.cache.readQuery({ query: PAGE, variables: { first: 50 } }, true)
        const ms = performance.now() - begin
        const all = client.cache.readQuery({ query: NOTES }, true)?.notes.length
        if (read?.noteList.nodes.length !== 50 || all !== 10_500 || window.lab.entries().length !== 500)
          throw new Error(`not all is back: ${all} records, ${window.lab.entries().length} tasks`)
        return ms
      }),
    )
  const stock = (): Promise<number> =>
    inFreshPage(page =>
      page.evaluate(async () => {
        const begin = performance.now()
        const cache = window.lab.notesCache()
        await window.stock.restore(cache)
        const read = cache.readQuery({ query: window.lab.documents.PAGE, variables: { first: 50 } })
        const ms = performance.now() - begin
        if (read?.noteList.nodes.length !== 50) throw new Error('not all is back')
        return ms
      }),
    )
  const times = { ours: [] as number[], stock: [] as number[] }
  for (let round = -1; round < ROUNDS; round += 1) {
    const [one, other] = [await ours(), await stock()]
    if (round < 0) continue
    times.ours.push(one)
    times.stock.push(other)
  }
  print(`a restart with ${RECORDS} records and ${TASKS} waiting tasks, until the first 50 are read (Chromium)`, [
    ['layover, cache and tasks', spread(times.ours, 'ms', 0)],
    ['apollo3-cache-persist, the cache alone', spread(times.stock, 'ms', 0)],
    ['ratio (wanted: ≤ 1)', (median(times.ours) / median(times.stock)).toFixed(2)],
  ])
} finally {
  await lab.close()
}
