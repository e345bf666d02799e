/**
 * Does storing one change cost the same among 1,000 and among 100,000 cached records?
 *
 * Two clients in one page of a real Chromium take turns: one record of the base is changed, the page is told that it is being
 * hidden (then what is to be stored leaves at once), and the time is taken until IndexedDB has committed. Beside it what those
 * commits carry. `npm run bench:store`. Wanted: at most 1.5.
 */
import { openLab } from '../test/lab/lab.ts'
import { median, print, spread } from './support/figures.ts'

const FEW = 1000
const MANY = 100_000
const ROUNDS = 40

const lab = await openLab()
try {
  const page = await lab.page()
  const measured = await page.evaluate(
    async ([sizes, rounds]) => {
      /** The moment of the next commit that spans the cache. */
      const committed = (): Promise<number> =>
        new Promise(resolve => {
          const stop = window.lab.onCommits(stores => {
            if (!stores.includes('cache')) return
            stop()
            resolve(performance.now())
          })
        })
      const hide = (): unknown => window.dispatchEvent(new Event('pagehide'))
      const clients = []
      for (const size of sizes) {
        const client = await window.lab.make({ name: `of ${size}`, offline: true })
        const records: Record<string, object> = {}
        for (let index = 0; index < size; index += 1) {
          const id = `n${index}`
          records[`Note:${id}`] = { __typename: 'Note', id, version: 1, title: `note ${id}`, body: 'x'.repeat(300) }
        }
        const begin = performance.now()
        const stored = committed()
        client.cache.restore(records as never)
        hide()
        clients.push({ client, size, firstMs: (await stored) - begin, times: [] as number[] })
      }
      let wrote = 0
      const stop = window.lab.onWrites(({ size }) => {
        wrote += size
      })
      for (let round = -5; round < rounds; round += 1) {
        for (const { client, size, times } of clients) {
          // No two changes in a row lie together.
          const index = (Math.abs(round) * 7919) % size
          const stored = committed()
          const begin = performance.now()
          client.cache.modify({ id: `Note:n${index}`, fields: { title: () => `changed ${round}` } })
          hide()
          const end = await stored
          if (round >= 0) times.push(end - begin)
        }
      }
      stop()
      return {
        clients: clients.map(({ size, firstMs, times }) => ({ size, firstMs, times })),
        bytes: wrote / (clients.length * (rounds + 5)),
      }
    },
    [[FEW, MANY], ROUNDS] as const,
  )
  const [few, many] = measured.clients
  if (!few || !many) throw new Error('nothing was measured')
  print('one changed record, until it is stored (Chromium, IndexedDB)', [
    [`among ${few.size}`, spread(few.times)],
    [`among ${many.size}`, spread(many.times)],
    ['ratio (wanted: ≤ 1.5)', (median(many.times) / median(few.times)).toFixed(2)],
    ['written a change', `${(measured.bytes / 1000).toFixed(1)} kB`],
    ['all of them, the first time', `${few.firstMs.toFixed(0)} ms, ${many.firstMs.toFixed(0)} ms`],
  ])
} finally {
  await lab.close()
}
