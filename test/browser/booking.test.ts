/** Putting a booking together: what a person typed is never lost, and what has not left can be taken back. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { askGateway, book, chip, goTo, openOutbox, signIn, vacationRows, waiting, workOffline } from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

test('a new customer is made together with the first booking, offline, and both arrive in order', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await page.getByRole('link', { name: 'Book a vacation' }).first().click()
  const form = page.getByRole('form', { name: 'Book a vacation' })
  await form.getByRole('button', { name: 'Next' }).click()
  await form.getByText('Choose a customer, or enter a name for a new one.').waitFor()
  await form.getByRole('button', { name: 'New customer' }).click()
  await form.getByRole('textbox', { name: "New customer's name" }).fill('Tidewater Singers')
  await page.reload()
  // What was typed is still there.
  expect(await form.getByRole('textbox', { name: "New customer's name" }).inputValue()).toBe('Tidewater Singers')
  for (const group of ['Hotel', 'Flight', 'Car']) {
    await form.getByRole('button', { name: 'Next' }).click()
    await form.getByRole('radiogroup', { name: group }).waitFor()
  }
  await form.getByRole('button', { name: 'Next' }).click()
  await form.getByRole('button', { name: 'Book', exact: true }).click()
  await page.waitForURL(/\/vacations\/[^/?]+/)
  await chip(page, 'Offline, 2 waiting')
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  const data = await askGateway(stage, 'agent-1', '{ vacations { nodes { status customer { name } } } }')
  expect(data).toEqual({ vacations: { nodes: [{ status: 'BOOKED', customer: { name: 'Tidewater Singers' } }] } })
  await page.close()
})

test('what waits can be changed and withdrawn, and a withdrawal undone', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await book(page, { customer: 'Harbour Rowing Club', place: 'Lisbon' })
  await page.getByRole('button', { name: /^Edit/ }).first().click()
  const form = page.getByRole('form', { name: 'Book a vacation' })
  await form.getByRole('textbox', { name: 'Travellers' }).fill('7')
  for (let step = 0; step < 4; step += 1) await form.getByRole('button', { name: 'Next' }).click()
  await form.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('7 travellers').first().waitFor()

  await openOutbox(page)
  await waiting(page)
    .getByRole('button', { name: /^Withdraw/ })
    .click()
  await expect.poll(() => waiting(page).count()).toBe(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => waiting(page).count()).toBe(1)
  await page.keyboard.press('Escape')
  await goTo(page, 'Vacations')
  await vacationRows(page).filter({ hasText: '7 travellers' }).getByText('Waiting to send').waitFor()
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  await vacationRows(page).filter({ hasText: '7 travellers' }).getByText('Booked').waitFor()
  await page.close()
})

test('a booked vacation is changed and cancelled, each by way of the device', async () => {
  const page = await signIn(stage, 'Agent 1')
  await book(page, { customer: 'North Choir', place: 'Lisbon' })
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  const form = page.getByRole('form', { name: 'Change the vacation' })
  await form.getByLabel('Notes').fill('Ground floor, please')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Ground floor, please').first().waitFor()
  await chip(page, 'All changes saved')
  await page.getByRole('button', { name: 'Cancel vacation' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel vacation' }).click()
  await page.getByText('Cancelled', { exact: true }).first().waitFor()
  await chip(page, 'All changes saved')
  await page.close()
})
