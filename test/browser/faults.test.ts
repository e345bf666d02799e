/** What a visitor of the demo may break, and that each promise holds while it is broken. */
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { book, chip, goTo, newCustomer, signIn, syncChip, vacationRows } from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

/** The panel stays open while a visitor goes on beside it. */
async function openPanel(page: Page): Promise<Locator> {
  await page.getByRole('banner').getByRole('button', { name: 'Try the promises' }).click()
  const panel = page.getByRole('dialog', { name: 'Try the promises' })
  await panel.getByText('At the suppliers').waitFor()
  return panel
}

test('a visitor cuts the gateway, books, mends it, and the suppliers hold the booking once', async () => {
  const page = await signIn(stage, 'Agent 1', { width: 1600 })
  const panel = await openPanel(page)
  await panel.getByText('0 reservations held').waitFor()
  await panel.getByRole('switch', { name: 'Cut the gateway' }).click()
  await page.getByText('Playing with faults: cut the gateway.').waitFor()
  await book(page, { customer: 'Harbour Rowing Club', place: 'Lisbon' })
  await chip(page, "Can't reach server")
  await page.getByText('Waiting to send').first().waitFor()

  await panel.getByRole('button', { name: 'Mend everything' }).click()
  await syncChip(page, 'All changes saved').waitFor()
  await panel.getByRole('button', { name: 'Count again' }).click()
  for (const line of ['1 vacations booked', '2 reservations held', '0 belong to no vacation']) {
    await panel.getByText(line).waitFor()
  }
  await page.close()
})

test('an answer that is lost is asked for again, and nothing happens twice', async () => {
  const page = await signIn(stage, 'Agent 1', { width: 1600 })
  const panel = await openPanel(page)
  await panel.getByRole('switch', { name: 'Lose the answers' }).click()
  await newCustomer(page, { Name: 'Tidewater Singers' })
  await page.getByText('Waiting to send').first().waitFor()
  await panel.getByRole('button', { name: 'Mend everything' }).click()
  await chip(page, 'All changes saved')
  await goTo(page, 'Customers')
  expect(await page.getByRole('link', { name: 'Tidewater Singers' }).count()).toBe(1)
  await page.close()
})

test('a session that ended asks for a sign-in, and goes on where it was', async () => {
  const page = await signIn(stage, 'Agent 1', { width: 1600 })
  const panel = await openPanel(page)
  await panel.getByRole('button', { name: 'End my session' }).click()
  await chip(page, 'Sign in again')
  await newCustomer(page, { Name: 'Lantern Walkers' })
  await syncChip(page, 'Sign in again').first().click()
  await page
    .getByRole('dialog', { name: 'Sign in again' })
    .getByRole('button', { name: 'Sign in again as Agent 1' })
    .click()
  await chip(page, 'All changes saved')
  await goTo(page, 'Vacations')
  expect(await vacationRows(page).count()).toBeGreaterThan(0)
  await page.close()
})
