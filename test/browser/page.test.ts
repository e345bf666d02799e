/** A day of a travel agent: what is tentative looks so, what is confirmed was confirmed, and what needs a person finds one. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import {
  arrived,
  askGateway,
  book,
  chip,
  closeOutbox,
  customerRow,
  editCustomer,
  goTo,
  leave,
  newCustomer,
  openConflict,
  openOutbox,
  signIn,
  vacationRows,
  waiting,
  workOffline,
} from './travel-agent.ts'

const CLUB = 'Harbour Rowing Club'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

test('what is booked offline is tentative, and is confirmed with its numbers when the connection is back', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await chip(page, 'Offline')
  await book(page, { customer: CLUB, place: 'Lisbon', hotel: /Casa do Farol/, flight: /Northgull 214/, car: /small/ })
  await goTo(page, 'Vacations')
  const row = vacationRows(page).filter({ hasText: CLUB })
  await row.getByText('Waiting to send').waitFor()
  await chip(page, 'Offline, 1 waiting')
  expect(await row.textContent()).not.toMatch(/\b(done|booked|confirmed)\b/i)
  expect(await row.locator('code').count()).toBe(0)
  await openOutbox(page)
  await waiting(page).getByText('Saved on this device').waitFor()
  expect(await waiting(page).textContent()).not.toMatch(/\b(done|booked|confirmed)\b/i)
  await closeOutbox(page)

  await workOffline(page, false)
  await row.getByText('Booked', { exact: true }).waitFor()
  await chip(page, 'All changes saved')
  expect(await row.locator('code').count()).toBe(3)
  await openOutbox(page)
  await arrived(page).getByText('Confirmed').first().waitFor()
  expect(await waiting(page).count()).toBe(0)
  await page.close()
})

test('a change made while the network is away leaves by itself when it is back', async () => {
  const page = await signIn(stage, 'Agent 1')
  await goTo(page, 'Customers')
  await stage.browser.context.setOffline(true)
  await editCustomer(page, CLUB, { Notes: 'Eight rowers and a cox' })
  await customerRow(page, CLUB).getByText('Waiting to send').waitFor()

  await stage.browser.context.setOffline(false)
  await chip(page, 'All changes saved')
  const data = await askGateway(stage, 'agent-1', '{ customer(id: "customer-1") { notes } }')
  expect(data).toEqual({ customer: { notes: 'Eight rowers and a cox' } })
  await page.close()
})

test('a conflict of two devices is shown field by field, and the merge that a person chose is what both then have', async () => {
  const page = await signIn(stage, 'Agent 1')
  const elsewhere = await signIn(stage, 'Supervisor 1', { device: await stage.anotherDevice() })
  await workOffline(page, true)
  await editCustomer(page, 'North Choir', { Phone: '+351 555 7777', Notes: 'Call after six' })
  await editCustomer(elsewhere, 'North Choir', { Phone: '+351 555 8888', Notes: 'Vegetarian' })
  await chip(elsewhere, 'All changes saved')
  await workOffline(page, false)
  await chip(page, '1 needs review')

  const conflict = await openConflict(page, 'North Choir')
  const apply = conflict.getByRole('button', { name: 'Apply' })
  await conflict.getByRole('radio', { name: /^Phone, yours/ }).check()
  await conflict.getByRole('radio', { name: /^Notes, now on server/ }).check()
  await apply.click()
  await chip(page, 'All changes saved')
  const data = await askGateway(stage, 'agent-1', '{ customer(id: "customer-3") { phone notes } }')
  expect(data).toEqual({ customer: { phone: '+351 555 7777', notes: 'Vegetarian' } })
  // What the other device shows comes by itself, too.
  await elsewhere.getByText('+351 555 7777').first().waitFor()
  await page.close()
})

test('a hotel that is sold out is refused with what could be had instead, and one press books that', async () => {
  const page = await signIn(stage, 'Agent 1')
  await book(page, {
    customer: 'Hill School, class 9',
    place: 'Lisbon',
    hotel: /Tramline Rooms/,
    flight: /Cloudferry 31/,
  })
  await chip(page, '1 failed')
  await openOutbox(page)
  const entry = waiting(page).filter({ hasText: 'Failed' })
  await entry
    .getByRole('button', { name: /Casa do Farol|Seven Hills|Ferry Quay/ })
    .first()
    .click()
  await arrived(page).getByText('Confirmed').first().waitFor()
  await closeOutbox(page)
  await chip(page, 'All changes saved')
  await goTo(page, 'Vacations')
  await vacationRows(page).filter({ hasText: 'Hill School' }).getByText('Booked', { exact: true }).waitFor()
  const data = await askGateway(stage, 'agent-1', '{ vacations { nodes { customerId status } } }')
  const { nodes } = (data as { vacations: { nodes: { customerId: string; status: string }[] } }).vacations
  expect(nodes.filter(({ customerId }) => customerId === 'customer-2').map(({ status }) => status)).toEqual(['BOOKED'])
  await page.close()
})

test('what the gateway refuses stays with its reason until it is discarded', async () => {
  const page = await signIn(stage, 'Agent 1')
  await book(page, { customer: CLUB, place: 'Lisbon', hotel: /Tramline Rooms/ })
  await chip(page, '1 failed')
  await page.reload()
  await chip(page, '1 failed')
  await openOutbox(page)
  const entry = waiting(page).filter({ hasText: 'Failed' })
  await entry
    .getByText(/Nothing is left of this offer/)
    .first()
    .waitFor()
  await entry.getByRole('button', { name: /^Discard/ }).click()
  await page
    .getByRole('dialog', { name: /^Discard/ })
    .getByRole('button', { name: /^Discard/ })
    .click()
  await chip(page, 'All changes saved')
  expect(await waiting(page).count()).toBe(0)
  await page.close()
})

test('what waits stays with its owner when another user signs in', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await newCustomer(page, { Name: 'Tidewater Singers' })
  await customerRow(page, 'Tidewater Singers').getByText('Waiting to send').waitFor()
  await leave(page, 'Keep them here')

  await page.getByRole('button', { name: /Agent 2/ }).click()
  await goTo(page, 'Customers')
  await customerRow(page, 'Riverside Chess Circle').waitFor()
  expect(await customerRow(page, 'Tidewater Singers').count()).toBe(0)
  await openOutbox(page)
  expect(await waiting(page).count()).toBe(0)
  await closeOutbox(page)
  await leave(page)

  await page.getByRole('button', { name: /Agent 1/ }).click()
  await chip(page, 'Offline, 1 waiting')
  await leave(page, 'Send first')
  await page.getByText('Nothing can be sent while you work offline.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click()
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  const data = await askGateway(stage, 'agent-1', '{ customers(search: "Tidewater") { nodes { name } } }')
  expect(data).toEqual({ customers: { nodes: [{ name: 'Tidewater Singers' }] } })
  await page.close()
})

test('what is changed in one tab waits in the other, and who discards it and signs out in one is signed out in both', async () => {
  const [page, other] = [await signIn(stage, 'Agent 1'), await signIn(stage, 'Agent 1')]
  await workOffline(other, true)
  await page.bringToFront() // A tab in the background draws nothing, and clicks wait for that.
  await chip(page, 'Offline')
  await editCustomer(page, 'North Choir', { Address: '2 Chapel Lane' })
  await chip(other, 'Offline, 1 waiting')
  await leave(page, 'Discard them')
  await page
    .getByRole('dialog', { name: /^Discard/ })
    .getByRole('button', { name: /^Discard/ })
    .click()
  for (const each of [page, other]) await each.getByRole('button', { name: /Agent 2/ }).waitFor()
  expect(await other.getByText('North Choir').count()).toBe(0)
  const data = await askGateway(stage, 'agent-1', '{ customer(id: "customer-3") { address } }')
  expect(data).toEqual({ customer: { address: '1 Chapel Lane' } })
  await page.getByRole('button', { name: /Agent 2/ }).click()
  await goTo(page, 'Customers')
  await customerRow(page, 'Riverside Chess Circle').waitFor()
  await Promise.all([page.close(), other.close()])
})
