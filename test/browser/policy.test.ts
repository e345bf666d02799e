/** What the pages load: what their Content-Security-Policy allows, from nowhere else, and little of it. */
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { type Watched, watch } from '../support/watched-page.ts'
import { goTo, installed, signIn, type View, workOffline } from './travel-agent.ts'

/** Of script, gzipped: what a first visit waits for. */
const FIRST_LOAD_KB = 300

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

async function open(path: string): Promise<{ page: Page; watched: Watched }> {
  const page = await stage.browser.openPage()
  const watched = watch(page, new URL(stage.url).host)
  await page.goto(stage.url + path)
  return { page, watched }
}

test(`a first visit loads at most ${FIRST_LOAD_KB} kB of script before the vacations stand there`, async () => {
  const { page, watched } = await open('/')
  await page.getByRole('button', { name: /Agent 1/ }).click()
  await page.getByRole('link', { name: 'Book a vacation' }).first().waitFor()
  const scripts = [...new Set(watched.scripts)]
  const sizes = await Promise.all(
    scripts.map(async url => {
      const body = Buffer.from(await (await fetch(url)).arrayBuffer())
      return { file: new URL(url).pathname, kB: gzipSync(body, { level: 9 }).length / 1000 }
    }),
  )
  const all = sizes.reduce((sum, { kB }) => sum + kB, 0)
  expect(all, JSON.stringify(sizes, null, 1)).toBeLessThanOrEqual(FIRST_LOAD_KB)
  // Were it nothing, nothing would have been measured.
  expect(all).toBeGreaterThan(100)
  await page.close()
})

test('the page can be installed', async () => {
  const page = await signIn(stage, 'Agent 1')
  await installed(page)
  const session = await stage.browser.context.newCDPSession(page)
  await expect.poll(async () => (await session.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([])
  await page.close()
})

test('the page works within its policy, online and offline, and asks nobody but its gateway', async () => {
  const page = await signIn(stage, 'Agent 1')
  const watched = watch(page, new URL(stage.url).host)
  for (const offline of [false, true]) {
    await workOffline(page, offline)
    for (const view of ['Customers', 'Offers', 'This device', 'Vacations'] satisfies View[]) {
      await goTo(page, view)
      await page.getByRole('heading', { level: 2 }).first().waitFor()
    }
  }
  await workOffline(page, false)
  expect({ blocked: watched.blocked, foreign: watched.foreign, thrown: watched.thrown }).toEqual({
    blocked: [],
    foreign: [],
    thrown: [],
  })
  await page.close()
})

test('the playground works within its policy: editors, workers, a query and a subscription', async () => {
  const { page, watched } = await open('/playground/')
  const run = page.getByRole('button', { name: /Execute query/ })
  await run.waitFor()
  await page.getByRole('tab', { name: 'Offers' }).click()
  await run.click()
  await page.locator('.result-window').getByText('"customer-1"').first().waitFor()
  await expect.poll(() => watched.workers).not.toEqual([])
  await page.getByRole('tab', { name: 'ChangesAvailable' }).click()
  await run.click()
  await page.getByRole('button', { name: /Stop/ }).waitFor()
  expect(watched.blocked).toEqual([])
  expect(watched.foreign).toEqual([])
  await page.close()
})

test('a script that found its way into a page is not run', async () => {
  const { page, watched } = await open('/')
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'globalThis.intruder = true'
    document.body.append(script)
  })
  expect(await page.evaluate(() => 'intruder' in globalThis)).toBe(false)
  expect(watched.blocked).toHaveLength(1)
  await page.close()
})
