/**
 * How long do 500 waiting tasks take to leave over a round trip of 50 ms, and in how many documents?
 *
 * A page of a real Chromium, 50 records watched, a gateway that holds every request 25 ms before and 25 ms after its work. The
 * time from the connection's return until the outbox is empty, each run with a queue of its own; and of how much of it the page's
 * main thread was busy. `npm run bench:replay`. Wanted: at most 0.6 s and 10 documents, in order.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openLab } from '../test/lab/lab.ts'
import { median, print, spread } from './support/figures.ts'

const TASKS = 500
const RUNS = 7
const HALF_MS = 25

const lab = await openLab()
try {
  const times: number[] = []
  const busy: number[] = []
  const documents: number[] = []
  for (let run = -1; run < RUNS; run += 1) {
    const name = `replay${run}`
    const page = await lab.open({ name, offline: true })
    await page.evaluate(
      async ([prefix, count]) => {
        const { CREATE, PAGE } = window.lab.documents
        const { client } = window.lab
        client.watchQuery({ query: PAGE, variables: { first: 50 } }).subscribe(() => undefined)
        await Promise.all(
          Array.from({ length: count }, (_each, index) =>
            client.mutate({
              mutation: CREATE,
              variables: { input: { id: `${prefix}-${index}`, title: `note ${index}` } },
            }),
          ),
        )
      },
      [name, TASKS] as const,
    )
    const session = await lab.browser.context.newCDPSession(page)
    await session.send('Performance.enable')
    const taskSeconds = async (): Promise<number> =>
      (await session.send('Performance.getMetrics')).metrics.find(metric => metric.name === 'TaskDuration')?.value ?? 0
    const before = { documents: lab.gateway.documents.length, busy: await taskSeconds() }
    lab.gateway.onRequest = () => sleep(HALF_MS)
    lab.gateway.onAnswer = () => sleep(HALF_MS)
    const ms = await page.evaluate(
      () =>
        new Promise<number>(resolve => {
          const { outbox, connection } = window.lab.client
          const begin = performance.now()
          outbox.subscribe(() => {
            if (outbox.entries.length === 0) resolve(performance.now() - begin)
          })
          connection.setMode('auto')
        }),
    )
    const made = [...lab.gateway.notes.keys()].filter(id => id.startsWith(`${name}-`))
    if (made.some((id, index) => id !== `${name}-${index}`) || made.length !== TASKS) throw new Error('order was lost')
    if (run >= 0) {
      times.push(ms)
      busy.push(((await taskSeconds()) - before.busy) * 1000)
      documents.push(lab.gateway.documents.length - before.documents)
    }
    lab.gateway.onRequest = () => undefined
    lab.gateway.onAnswer = () => undefined
    await page.close()
    lab.gateway.notes.clear()
  }
  print(`${TASKS} waiting tasks over a round trip of ${HALF_MS * 2} ms (Chromium)`, [
    ['until the outbox is empty (wanted: ≤ 600 ms)', spread(times, 'ms', 0)],
    ['of it the main thread was busy', spread(busy, 'ms', 0)],
    ['documents (wanted: ≤ 10)', String(median(documents))],
    ['order', 'kept'],
  ])
} finally {
  await lab.close()
}
