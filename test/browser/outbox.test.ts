/** What a person sees of the outbox and does with it, and what is told after an absence. */
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { hasTasks } from '../support/front.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import {
  arrived,
  askGateway,
  book,
  chip,
  closeOutbox,
  editCustomer,
  newCustomer,
  openOutbox,
  signIn,
  waiting,
  workOffline,
} from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage({ front: true })
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

const action = (of: Locator, name: string): Locator => of.getByRole('button', { name: new RegExp(`^${name}`) })

/** What has the focus, by what it says. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '')

test('who withdraws a change is told what goes with it, and undo brings all of it back in its order', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await newCustomer(page, { Name: 'Tidewater Singers' })
  await book(page, { customer: 'Tidewater Singers', place: 'Lisbon' })
  await chip(page, 'Offline, 2 waiting')
  const outbox = await openOutbox(page)
  expect(await action(outbox, 'Send all now').isDisabled()).toBe(true)
  await outbox.getByText('Nothing can be sent while you work offline.').waitFor()
  await waiting(page).nth(1).getByText('After: New customer Tidewater Singers').waitFor()

  await action(waiting(page).first(), 'Withdraw').click()
  const question = page.getByRole('dialog', { name: /^Withdraw/ })
  await question.getByText(/^Book Lisbon for Tidewater Singers/).waitFor()
  await page.keyboard.press('Escape')
  await question.waitFor({ state: 'hidden' })
  expect(await waiting(page).count()).toBe(2)

  await action(waiting(page).first(), 'Withdraw').click()
  await action(question, 'Withdraw').click()
  await outbox.getByText('Nothing waits on this device. What').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => waiting(page).count()).toBe(2)
  expect(await waiting(page).first().textContent()).toContain('New customer Tidewater Singers')

  await closeOutbox(page)
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  await page.close()
})

test('what was refused stays after a reload with its reason and what was sent, and is booked when it is edited and sent again', async () => {
  const page = await signIn(stage, 'Agent 1')
  await book(page, { customer: 'Harbour Rowing Club', place: 'Lisbon', hotel: /Tramline Rooms/ })
  await chip(page, '1 failed')
  await page.reload()
  await openOutbox(page)
  const entry = waiting(page).filter({ hasText: 'Failed' })
  await entry.getByText('Nothing is left of this offer.').waitFor()
  await entry.getByText('What was sent').click()
  await entry.getByText('"hotelOfferId"').waitFor()

  await action(entry, 'Edit and resend').click()
  const form = page.getByRole('form')
  await form.getByRole('button', { name: 'Next' }).click()
  await form
    .getByRole('radio', { name: /Casa do Farol/ })
    .first()
    .check()
  for (const group of ['Flight', 'Car']) {
    await form.getByRole('button', { name: 'Next' }).click()
    await form.getByRole('radiogroup', { name: group }).waitFor()
  }
  await form.getByRole('button', { name: 'Next' }).click()
  await form.getByRole('button', { name: 'Save' }).click()
  await chip(page, 'All changes saved')
  await openOutbox(page)
  await arrived(page)
    .filter({ hasText: 'Harbour Rowing Club' })
    .getByText('Confirmed', { exact: true })
    .first()
    .waitFor()
  await page.close()
})

test('the arrow keys go from change to change, Tab to the buttons of one, and who gives one up stays in the list', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await editCustomer(page, 'North Choir', { Notes: 'Basses arrive late' })
  await newCustomer(page, { Name: 'Quay Walkers' })
  await newCustomer(page, { Name: 'Ridge Walkers' })
  await chip(page, 'Offline, 3 waiting')
  await openOutbox(page)
  await waiting(page).first().focus()
  await page.keyboard.press('ArrowDown')
  expect(await focused(page)).toContain('New customer Quay Walkers')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Edit: New customer Quay Walkers')
  await page.keyboard.press('End')
  expect(await focused(page)).toContain('New customer Ridge Walkers')
  await page.keyboard.press('Home')
  expect(await focused(page)).toContain('of North Choir')
  for (const key of ['ArrowDown', 'Tab', 'Tab', 'Enter']) await page.keyboard.press(key)
  await expect.poll(() => waiting(page).count()).toBe(2)
  expect(await focused(page)).toContain('New customer Ridge Walkers')
  await closeOutbox(page)
  expect(await focused(page)).toContain('Offline, 2 waiting')
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  await page.close()
})

test('a change that waits is edited in its place, and what arrived is listed after a reload', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await editCustomer(page, 'Hill School, class 9', { Notes: 'A teacher' })
  await openOutbox(page)
  await action(waiting(page).first(), 'Edit').click()
  const form = page.getByRole('form', { name: /Edit Hill School/ })
  await form.getByRole('textbox', { name: 'Notes' }).fill('Two teachers')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'hidden' })
  await chip(page, 'Offline, 1 waiting')
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  const data = await askGateway(stage, 'agent-1', '{ customer(id: "customer-2") { notes } }')
  expect(data).toEqual({ customer: { notes: 'Two teachers' } })
  await page.reload()
  await openOutbox(page)
  await arrived(page)
    .filter({ hasText: 'Change notes of Hill School' })
    .getByText('Confirmed', { exact: true })
    .waitFor()
  await page.close()
})

test('what got no answer says when it is tried again, and goes on when the gateway is back', async () => {
  const page = await signIn(stage, 'Agent 1')
  // It is on its way when the gateway goes: what nobody has sent yet waits without an attempt.
  const requests = stage.front.holdRequests(hasTasks)
  await editCustomer(page, 'North Choir', { Phone: '+351 555 4242' })
  await requests.first
  await stage.gateway.kill()
  requests.release()
  await chip(page, "Can't reach server")
  await openOutbox(page)
  await waiting(page)
    .getByText(/attempts? · next try in \d+ s/)
    .waitFor()
  await waiting(page).getByText('No answer came.').waitFor()
  // While it can't get through: with the gateway back it may have left before anybody presses.
  await action(waiting(page).first(), 'Retry now').click()
  await stage.restartGateway()
  await arrived(page)
    .filter({ hasText: 'Change phone of North Choir' })
    .getByText('Confirmed', { exact: true })
    .waitFor()
  await page.close()
})

test('after an absence a line tells what was confirmed and what a colleague changed, until it is dismissed', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await chip(page, 'Offline')
  await editCustomer(page, 'Harbour Rowing Club', { Email: 'club@harbour.example' })
  const { customer } = (await askGateway(stage, 'supervisor-1', '{ customer(id: "customer-3") { version } }')) as {
    customer: { version: number }
  }
  await askGateway(stage, 'supervisor-1', CHANGE, { version: customer.version, patch: { address: '9 Chapel Lane' } })
  await workOffline(page, false)
  const region = page.getByRole('region', { name: 'While you were away' })
  await region.getByText('1 confirmed · 1 record changed by others').waitFor()

  await page.reload()
  await region.getByText('1 confirmed · 1 record changed by others').waitFor()
  await region.getByRole('button', { name: 'Details' }).click()
  const details = page.getByRole('dialog', { name: 'While you were away' })
  await details.getByText('Change email of Harbour Rowing Club').waitFor()
  await details.getByText('Address: 1 Chapel Lane → 9 Chapel Lane').waitFor()
  expect(await details.getByRole('listitem').filter({ hasText: 'North Choir' }).first().textContent()).toContain(
    'supervisor-1',
  )
  await page.keyboard.press('Escape')
  await details.waitFor({ state: 'hidden' })
  await region.getByRole('button', { name: 'Dismiss' }).click()
  await page.reload()
  await chip(page, 'All changes saved')
  expect(await region.count()).toBe(0)
  await page.close()
})

const CHANGE = `mutation ($version: Int!, $patch: CustomerPatch!) {
  updateCustomer(id: "customer-3", baseVersion: $version, patch: $patch) { task { status } }
}`
