/**
 * Does queueing a task cost the same whatever waits already?
 *
 * Two clients in one page of a real Chromium, one that begins with an empty outbox and one with 5,000 waiting tasks, take turns:
 * the time of `await client.mutate()`, which resolves when the task is on the disk. An application shows a page of its records,
 * so 50 are watched; for those who show all, the whole list too.
 * `npm run bench:queue`. Wanted: at most 1.2.
 */
import { openLab } from '../test/lab/lab.ts'
import { median, print, spread } from './support/figures.ts'

const WAITING = 5000
const ROUNDS = 60
const ROUNDS_OF_ALL = 15

const lab = await openLab()
try {
  const page = await lab.page()
  const measured = await page.evaluate(
    async ([waiting, rounds, roundsOfAll]) => {
      const { CREATE, PAGE, NOTES } = window.lab.documents
      type Client = typeof window.lab.client
      const put = (client: Client, id: string): Promise<unknown> =>
        client.mutate({ mutation: CREATE, variables: { input: { id, title: `note ${id}`, body: 'x'.repeat(200) } } })
      const empty = await window.lab.make({ name: 'empty', offline: true })
      const full = await window.lab.make({ name: 'full', offline: true })
      const filledFrom = performance.now()
      for (let start = 0; start < waiting; start += 500) {
        await Promise.all(Array.from({ length: 500 }, (_each, index) => put(full, `w${start + index}`)))
      }
      const filledMs = performance.now() - filledFrom
      const measure = async (name: string, count: number): Promise<{ empty: number[]; full: number[] }> => {
        const times = { empty: [] as number[], full: [] as number[] }
        for (let round = -5; round < count; round += 1) {
          for (const [kind, client] of [
            ['empty', empty],
            ['full', full],
          ] as const) {
            const begin = performance.now()
            await put(client, `${name}${round}`)
            if (round >= 0) times[kind].push(performance.now() - begin)
          }
        }
        return times
      }
      const of50 = [empty, full].map(client =>
        client.watchQuery({ query: PAGE, variables: { first: 50 } }).subscribe(() => undefined),
      )
      const watched50 = await measure('p', rounds)
      for (const each of of50) each.unsubscribe()
      const ofAll = [empty, full].map(client => client.watchQuery({ query: NOTES }).subscribe(() => undefined))
      const watchedAll = await measure('a', roundsOfAll)
      for (const each of ofAll) each.unsubscribe()
      return { filledMs, watched50, watchedAll }
    },
    [WAITING, ROUNDS, ROUNDS_OF_ALL] as const,
  )
  const { filledMs, watched50, watchedAll } = measured
  const ratio = ({ empty, full }: { empty: number[]; full: number[] }): string =>
    (median(full) / median(empty)).toFixed(2)
  print('queueing a task until it is on the disk (Chromium, IndexedDB, strict durability)', [
    ['50 watched, 0 waiting', spread(watched50.empty)],
    [`50 watched, ${WAITING} waiting`, spread(watched50.full)],
    ['ratio (wanted: ≤ 1.2)', ratio(watched50)],
    ['all watched, 0 waiting', spread(watchedAll.empty)],
    [`all watched, ${WAITING} waiting`, spread(watchedAll.full)],
    ['ratio (for information)', ratio(watchedAll)],
    [`filling up with ${WAITING}, 500 at a time`, `${(filledMs / 1000).toFixed(1)} s`],
  ])
} finally {
  await lab.close()
}
