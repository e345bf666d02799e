import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

/** Opens the playground; `elsewhere` collects every request that goes to another host. */
async function openPlayground(): Promise<{ page: Page; elsewhere: string[] }> {
  const page = await stage.browser.openPage()
  const elsewhere: string[] = []
  page.on('request', request => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== stage.gateway.url) elsewhere.push(request.url())
  })
  await page.goto(`${stage.gateway.url}/playground/`)
  await page.getByRole('button', { name: /Execute query/ }).waitFor()
  return { page, elsewhere }
}

const answer = (page: Page, text: string | RegExp): Promise<void> =>
  page.locator('.result-window').getByText(text).first().waitFor()

/** The tab that is open has a name that goes on with its close button. */
const openTab = (page: Page, name: string | RegExp): Promise<void> => page.getByRole('tab', { name }).click()

async function run(page: Page, tab: string | RegExp): Promise<void> {
  await openTab(page, tab)
  await page.getByRole('button', { name: /Execute query/ }).click()
}

test('the first tab is answered, and no other host is asked for anything', async () => {
  const { page, elsewhere } = await openPlayground()
  await run(page, 'Offers')
  await answer(page, '"customer-1"')
  expect(elsewhere).toEqual([])
  await page.close()
})

test('the example booking is confirmed, and a repeat is answered with the first outcome', async () => {
  const { page } = await openPlayground()
  await run(page, /^BookVacation(?!Again)/)
  await answer(page, '"CONFIRMED"')
  const confirmation = (): Promise<string | null> =>
    page.evaluate(() => {
      const text = document.querySelector('.result-window')?.textContent ?? ''
      return /"confirmation":\s*"([^"]+)"/.exec(text)?.[1] ?? null
    })
  const first = await confirmation()
  await page.getByRole('button', { name: /Execute query/ }).click()
  await answer(page, '"CONFIRMED"')
  expect(await confirmation()).toBe(first)
  await page.close()
})

test('the same task once more is answered from the first one, and nothing is booked a second time', async () => {
  const vacations = async (): Promise<number> => {
    const faults = await (await fetch(`${stage.gateway.url}/demo/faults`)).json()
    return (faults as { ledger: { vacations: number } }).ledger.vacations
  }
  const before = await vacations()
  const { page } = await openPlayground()
  const reset = page.getByRole('button', { name: 'Reset examples' })
  await Promise.all([page.waitForEvent('load'), reset.click()])
  await run(page, /^BookVacation(?!Again)/)
  await answer(page, '"CONFIRMED"')
  await run(page, /^BookVacationAgain/)
  await answer(page, '"CONFIRMED"')
  expect(await vacations()).toBe(before + 1)
  await page.close()
})

test('a conflict is made in one tab and settled in the next', async () => {
  const { page } = await openPlayground()
  await run(page, /^MakeConflict/)
  await answer(page, '"CONFLICT"')
  await run(page, /^SettleConflict/)
  await answer(page, '"resolved"')
  await expect.poll(() => page.locator('.result-window').innerText()).toMatch(/"resolved":[^}]*"status":\s*"CONFIRMED"/)
  await page.close()
})

test('a mutation made elsewhere pokes the subscription', async () => {
  const { page } = await openPlayground()
  const subscribed = new Promise<void>(resolve => {
    page.on('websocket', socket =>
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes('"subscribe"')) resolve()
      }),
    )
  })
  await run(page, 'ChangesAvailable')
  await subscribed
  const other = await openPlayground()
  const reset = other.page.getByRole('button', { name: 'Reset examples' })
  await Promise.all([other.page.waitForEvent('load'), reset.click()])
  await run(other.page, /^BookVacation(?!Again)/)
  await answer(other.page, '"CONFIRMED"')
  await answer(page, '"at"')
  await Promise.all([page.close(), other.page.close()])
})

test('another user can be picked, and the headers say who asks', async () => {
  const { page } = await openPlayground()
  const users = page.getByLabel('Signed in as')
  await Promise.all([page.waitForEvent('load'), users.selectOption('supervisor-1')])
  await page.getByRole('button', { name: 'Headers', exact: true }).click()
  await page
    .getByText(/Bearer/)
    .first()
    .waitFor()
  expect(await users.inputValue()).toBe('supervisor-1')
  await run(page, 'TaskReport')
  await answer(page, '"createCustomer"')
  await page.close()
})
