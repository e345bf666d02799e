/** Defects measured in peers, as sentences about us: what a closed page or a killed browser may cost. */
import type { Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { hasTasks, made, noteIds, raiseLab } from '../lab/stage.ts'

const stage = raiseLab()

const never = (): Promise<void> => new Promise(() => undefined)

/** How a device can end while its queue leaves. */
const endings: [string, (page: Page) => Promise<void>][] = [
  ['the page is closed', page => page.close()],
  ['the browser is killed', () => stage.lab.restart()],
]

test('keeps every waiting task across a restart in the middle of a replay', async () => {
  for (const [index, [, end]] of endings.entries()) {
    const name = `restart-${index}`
    const ids = noteIds(name, 60)
    const page = await stage.lab.open({ name, offline: true, tasksPerDocument: 10 })
    for (const id of ids) await page.evaluate(each => window.lab.create(each), id)
    // Two documents pass; of the third the gateway has the tasks, and the page never hears of it.
    let documents = 0
    const cut = new Promise<void>(reached => {
      stage.gateway.onAnswer = request => {
        documents += hasTasks(request) ? 1 : 0
        if (documents < 3) return undefined
        reached()
        return never()
      }
    })
    await page.evaluate(() => window.lab.client.connection.setMode('auto'))
    await cut
    const before = stage.gateway.applied.length
    await end(page)
    stage.gateway.onAnswer = () => undefined

    const again = await stage.lab.open({ name, tasksPerDocument: 10 })
    await again.waitForFunction(() => window.lab.entries().length === 0)
    expect(made(stage.gateway, name)).toEqual(ids)
    expect(new Set(stage.gateway.applied).size).toBe(stage.gateway.applied.length)
    expect(stage.gateway.applied.length - before).toBeLessThan(60)
    // What was confirmed and not yet stored among the records comes with the next pull.
    await again.waitForFunction(wanted => wanted.every(id => window.lab.shown().includes(id)), ids)
    await again.close()
  }
})

test('a promise that resolved is on disk: the browser killed at once after twenty loses none of them', async () => {
  const name = 'disk'
  const ids = noteIds(name, 20)
  const page = await stage.lab.open({ name, offline: true })
  for (const id of ids) await page.evaluate(each => window.lab.create(each), id)
  await stage.lab.restart()
  const again = await stage.lab.open({ name })
  expect(await again.evaluate(() => window.lab.shown())).toEqual(ids)
  await again.evaluate(() => window.lab.client.connection.setMode('auto'))
  await again.waitForFunction(() => window.lab.entries().length === 0)
  expect(made(stage.gateway, name)).toEqual(ids)
  await again.close()
})

test('never sends a later task before an earlier one is settled, and deletes nothing before its answer', async () => {
  const name = 'order'
  const ids = noteIds(name, 6)
  const page = await stage.lab.open({ name, offline: true, tasksPerDocument: 2 })
  for (const id of ids) await page.evaluate(each => window.lab.create(each), id)
  const tasks = await page.evaluate(() => window.lab.entries().map(({ id }) => id))
  const missing = (ids: string[]): Promise<string[]> =>
    page.evaluate(async wanted => {
      const text = (await window.lab.stored()).map(record => `${record.key} ${record.text}`).join()
      return wanted.filter(id => !text.includes(id))
    }, ids)
  const held: { ids: string[]; release: () => void }[] = []
  stage.gateway.onAnswer = request =>
    hasTasks(request)
      ? new Promise(release => held.push({ ids: request.tasks.map(({ task }) => task.id), release }))
      : undefined
  // The first document is lost on its way: whatever else is under way must not overtake it.
  stage.gateway.fault({ kind: 'cut-before' }, hasTasks)
  await page.evaluate(() => window.lab.client.connection.setMode('auto'))
  const answered: string[] = []
  while (answered.length < tasks.length) {
    // The gateway has applied them, and said nothing yet.
    const { ids: applied, release } = await vi.waitUntil(() => held.shift(), { timeout: 15_000 })
    expect(await missing(tasks.filter(id => !answered.includes(id)))).toEqual([])
    answered.push(...applied)
    release()
  }
  await page.waitForFunction(() => window.lab.entries().length === 0)
  expect(stage.gateway.faultsLeft).toBe(0)
  expect(answered).toEqual(tasks)
  expect(made(stage.gateway, name)).toEqual(ids)
  await page.close()
})
