/** What the pages load is what their Content-Security-Policy allows: nothing is blocked, and nothing foreign could be let in. */
import type { ConsoleMessage, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

/** Opens a page of the gateway; `blocked` collects what the browser refused because of the policy, `workers` what it started. */
async function open(path: string): Promise<{ page: Page; blocked: string[]; workers: string[] }> {
  const page = await stage.browser.openPage()
  const blocked: string[] = []
  page.on('console', (message: ConsoleMessage) => {
    if (/Content Security Policy/i.test(message.text())) blocked.push(message.text())
  })
  const workers: string[] = []
  page.on('worker', worker => workers.push(worker.url()))
  await page.goto(`${stage.gateway.url}${path}`)
  return { page, blocked, workers }
}

test('the web page works within its policy', async () => {
  const { page, blocked } = await open('/')
  await page
    .getByRole('button', { name: /Agent 1/ })
    .first()
    .click()
  await page.getByText('Harbour Rowing Club').first().waitFor({ state: 'attached' })
  expect(blocked).toEqual([])
  await page.close()
})

test('the playground works within its policy: editors, workers, a query and a subscription', async () => {
  const { page, blocked, workers } = await open('/playground/')
  const run = page.getByRole('button', { name: /Execute query/ })
  await run.waitFor()
  await page.getByRole('tab', { name: 'LookAround' }).click()
  await run.click()
  await page.locator('.result-window').getByText('"customer-1"').first().waitFor()
  await expect.poll(() => workers).not.toEqual([])
  await page.getByRole('tab', { name: 'ChangesAvailable' }).click()
  await run.click()
  await page.getByRole('button', { name: /Stop/ }).waitFor()
  expect(blocked).toEqual([])
  await page.close()
})

test('a script that found its way into a page is not run', async () => {
  const { page, blocked } = await open('/')
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'globalThis.intruder = true'
    document.body.append(script)
  })
  expect(await page.evaluate(() => 'intruder' in globalThis)).toBe(false)
  expect(blocked).toHaveLength(1)
  await page.close()
})
