/** Defects measured in peers, as sentences about us: what Chromium's own network makes of answers that are lost, late or odd. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { hasTasks, made, noteIds, raiseLab } from '../lab/stage.ts'
import type { Fault } from '../support/scripted-gateway.ts'

const stage = raiseLab()

const emptied = (page: Page): Promise<unknown> => page.waitForFunction(() => window.lab.entries().length === 0)

const goOnline = (page: Page): Promise<void> => page.evaluate(() => window.lab.client.connection.setMode('auto'))

/** From now on: how often the page calls fetch, and every status that an entry had. */
async function watch(page: Page): Promise<() => Promise<{ fetches: number; statuses: string[] }>> {
  const handle = await page.evaluateHandle(() => {
    const seen = { fetches: 0, statuses: [] as string[] }
    const { fetch } = window
    window.fetch = (...given) => {
      if (String(given[1]?.body).includes('TaskInput')) seen.fetches += 1
      return fetch(...given)
    }
    window.lab.client.outbox.subscribe(() => {
      for (const { status } of window.lab.entries()) if (!seen.statuses.includes(status)) seen.statuses.push(status)
    })
    return seen
  })
  return () => handle.jsonValue()
}

test('a lost answer leaves the task in doubt until the gateway says what became of it', async () => {
  const { gateway } = stage
  const page = await stage.lab.open({ name: 'lost', answerWithinMs: 0 })
  await page.evaluate(() => window.lab.client.sync.pull())
  // A connection that has served before and closes without a byte: Chromium sends the request a second time by itself.
  const first = await watch(page)
  gateway.fault({ kind: 'cut-after' }, hasTasks)
  await page.evaluate(() => window.lab.create('lost-0001'))
  await emptied(page)
  const sent = gateway.documents.length
  expect({ sent, fetches: (await first()).fetches }).toEqual({ sent: 2, fetches: 1 })
  expect(gateway.applied).toHaveLength(1)

  // Headers, half an answer, and then nothing: this Chromium hands on as an error.
  gateway.fault({ kind: 'truncate' }, hasTasks)
  const second = await watch(page)
  await page.evaluate(() => window.lab.create('lost-0002'))
  await emptied(page)
  expect((await second()).statuses).toContain('in-doubt')
  expect(gateway.documents.slice(sent).map(({ tasks }) => tasks.map(({ task }) => task.id))).toEqual([
    [gateway.applied[1]],
    [gateway.applied[1]],
  ])
  expect(gateway.applied).toHaveLength(2)
  expect(made(gateway, 'lost')).toEqual(['lost-0001', 'lost-0002'])
  await page.waitForFunction(() => window.lab.shown().length === 2)
})

const faults: Fault[] = [
  { kind: 'cut-before' },
  { kind: 'cut-after' },
  { kind: 'truncate' },
  { kind: 'captive-portal' },
  { kind: 'gone-html' },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 403 },
  { kind: 'refuse', code: 'INTERNAL_SERVER_ERROR' },
  { kind: 'refuse' },
]

test("after any error, with the network up, the queue empties without a user's hand", async () => {
  const { gateway } = stage
  await Promise.all(
    faults.map(async (fault, index) => {
      const name = `any${index}`
      const ids = noteIds(name, 3)
      const page = await stage.lab.open({ name, offline: true })
      for (const id of ids) await page.evaluate(each => window.lab.create(each), id)
      const [first] = await page.evaluate(() => window.lab.entries())
      gateway.fault(fault, ({ tasks }) => tasks.some(({ task }) => task.id === first?.id))
      await goOnline(page)
      await emptied(page)
      expect(made(gateway, name)).toEqual(ids)
    }),
  )
  expect(gateway.faultsLeft).toBe(0)
  expect(new Set(gateway.applied).size).toBe(gateway.applied.length)
})

test('a network that goes away and comes back leaves nothing in the queue', async () => {
  const { gateway, lab } = stage
  const ids = noteIds('gone', 5)
  const page = await lab.open({ name: 'gone', answerWithinMs: 0 })
  await page.evaluate(() => window.lab.client.sync.pull())
  await lab.browser.context.setOffline(true)
  for (const id of ids) await page.evaluate(each => window.lab.create(each), id)
  expect(made(gateway, 'gone')).toEqual([])
  await lab.browser.context.setOffline(false)
  await emptied(page)
  expect(made(gateway, 'gone')).toEqual(ids)
})

test('an expired token pauses the queue; nothing is dropped', async () => {
  const { gateway } = stage
  const ids = noteIds('token', 3)
  const page = await stage.lab.open({ name: 'token', offline: true, signsIn: true })
  for (const id of ids) await page.evaluate(each => window.lab.create(each), id)
  gateway.fault({ kind: 'status', status: 401 }, hasTasks)
  await goOnline(page)
  await emptied(page)
  expect(await page.evaluate(() => window.lab.signIns())).toEqual([{ paused: true, waiting: 3 }])
  expect(await page.evaluate(() => window.lab.client.outbox.paused)).toBe(false)
  expect(made(gateway, 'token')).toEqual(ids)
})
