/** What stands around every screen: the chip says the truth, a choice is kept, keys work, and a narrow window is enough. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { hasTasks } from '../support/front.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { banner, chip, newCustomer, signIn, syncChip, views, workOffline } from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage({ front: true })
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

const heading = (page: Page, name: string): Promise<void> => page.getByRole('heading', { level: 2, name }).waitFor()
const announced = (page: Page, text: string): Promise<void> =>
  page.getByRole('status', { name: 'Connection' }).getByText(text).waitFor()

test('the chip, the title and what is read aloud follow changes from the device to the gateway', async () => {
  const page = await signIn(stage, 'Agent 1')
  await chip(page, 'All changes saved')
  await workOffline(page, true)
  await chip(page, /^Offline\b(?!,)/)
  await announced(page, 'Offline. Changes are saved on this device.')
  await newCustomer(page, { Name: 'Tidewater Singers' })
  await newCustomer(page, { Name: 'Lantern Walkers' })
  await chip(page, 'Offline, 2 waiting')
  await views(page).getByRole('link', { name: 'Customers 2 waiting' }).waitFor()
  expect(await page.title()).toBe('(2) Customers – Layover')

  const answers = stage.front.holdAnswers(hasTasks)
  onTestFinished(() => answers.release())
  await page.getByRole('button', { name: 'Go online' }).click()
  await answers.first
  await chip(page, 'Sending 1 of 2')
  const progress = page.getByRole('progressbar', { name: 'Sending changes' })
  await progress.waitFor()
  expect(await progress.getAttribute('aria-valuetext')).toBe('0 of 2 sent')
  // Opened in the middle, the outbox says the same.
  await syncChip(page, 'Sending').click()
  await page.getByRole('dialog', { name: 'Outbox' }).getByText('Sending 1 of 2').waitFor()
  await page.keyboard.press('Escape')

  answers.release()
  await chip(page, 'All changes saved')
  await announced(page, 'All changes saved.')
  await page.waitForFunction(() => document.title === 'Customers – Layover')
  expect(await progress.count()).toBe(0)
  await page.close()
})

test('what is stopped stays on the device until it is resumed', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await newCustomer(page, { Name: 'Quay Street Band' })
  await newCustomer(page, { Name: 'Old Mill Quartet' })
  const requests = stage.front.holdRequests(hasTasks)
  onTestFinished(() => requests.release())
  await workOffline(page, false)
  await requests.first
  await page.getByRole('button', { name: 'Stop sending' }).click()
  await newCustomer(page, { Name: 'Hillside Players' })
  // What was under way finishes; what was not, waits.
  requests.release()
  await chip(page, 'Paused by you, 1 waiting')
  await page.getByRole('button', { name: 'Resume sending' }).click()
  await chip(page, 'All changes saved')
  await page.close()
})

test('working offline survives a reload, and says so until it is ended', async () => {
  const page = await signIn(stage, 'Agent 1', { width: 360, height: 740 })
  await banner(page).getByRole('button', { name: 'Connection' }).click()
  const panel = page.getByRole('dialog', { name: 'Connection' })
  await panel.getByRole('switch', { name: 'Work offline' }).setChecked(true)
  await page.reload()
  await chip(page, 'Offline')
  await page.getByText('You are working offline.').waitFor()
  await page.getByRole('button', { name: 'Go online' }).click()
  await chip(page, 'All changes saved')
  await page.close()
})

test('keys lead to every view, rest while somebody types, and can be switched off', async () => {
  const page = await signIn(stage, 'Agent 1')
  await page.keyboard.press('Tab')
  await page.getByRole('link', { name: 'Skip to the content' }).press('Enter')
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN')

  for (const [key, view] of [
    ['c', 'Customers'],
    ['o', 'Offers'],
    ['d', 'This device'],
    ['v', 'Vacations'],
  ] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await heading(page, view)
    expect(await views(page).locator('[aria-current="page"]').textContent()).toBe(view)
  }
  await page.keyboard.press('o')
  await page.getByRole('dialog', { name: 'Outbox' }).waitFor()
  await page.keyboard.press('b')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: 'Outbox' }).waitFor({ state: 'hidden' })
  expect(new URL(page.url()).pathname).toBe('/vacations')

  await page.keyboard.press('?')
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await list.getByRole('switch', { name: 'Use these keys' }).setChecked(false)
  await page.keyboard.press('Escape')
  await list.waitFor({ state: 'hidden' })
  await page.keyboard.press('b')
  expect(new URL(page.url()).pathname).toBe('/vacations')
  await page.close()
})

test('on a narrow window nothing of the header is cut off, whatever it has to say', async () => {
  const page = await signIn(stage, 'Agent 2', { width: 360, height: 740, device: await stage.anotherDevice() })
  const whole = async (): Promise<void> => {
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll('header button, header button *, nav a')]
        .filter(each => each.clientWidth > 1 && getComputedStyle(each).overflow !== 'visible')
        .filter(each => each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1)
        .map(({ textContent }) => textContent),
    )
    expect(cut).toEqual([])
  }
  await chip(page, 'All changes saved')
  await page.getByRole('heading', { level: 1, name: 'Layover' }).waitFor()
  await whole()
  await page.route('**/graphql', route => route.abort())
  await page.setViewportSize({ width: 1200, height: 740 })
  await newCustomer(page, { Name: 'Northgate Strollers' })
  await page.setViewportSize({ width: 360, height: 740 })
  await chip(page, /^Can't reach server, retrying/)
  await whole()
  await page.unroute('**/graphql')
  await banner(page).getByRole('button', { name: 'Try now' }).click()
  await chip(page, 'All changes saved')
  await whole()
  await page.close()
})
