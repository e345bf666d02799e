import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import {
  arrived,
  askGateway,
  book,
  chip,
  customerRow,
  goTo,
  signIn,
  vacationRows,
  waiting,
  workOffline,
} from './travel-agent.ts'

const CLUB = 'Harbour Rowing Club'
const LISBON = { customer: CLUB, place: 'Lisbon', hotel: /Casa do Farol/, flight: /Northgull 214/, car: /small/ }

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
  await book(page, LISBON)

  const row = vacationRows(page).filter({ hasText: 'Lisbon' })
  await row.getByText('Waiting to send').waitFor()
  await waiting(page).getByText('Saved on this device').waitFor()
  await chip(page, 'Offline, 1 waiting')
  for (const shown of [row, waiting(page)]) {
    expect(await shown.textContent()).not.toMatch(/\b(done|booked|confirmed)\b/i)
  }
  expect(await row.locator('code').count()).toBe(0)

  await workOffline(page, false)
  await row.getByText('Booked', { exact: true }).waitFor()
  await arrived(page).getByText('Confirmed').waitFor()
  await chip(page, 'All changes saved')
  expect(await row.locator('code').count()).toBe(3)
  expect(await waiting(page).count()).toBe(0)
  await page.close()
})

test('a change made while the network is away leaves by itself when it is back', async () => {
  const page = await signIn(stage, 'Agent 1')
  await goTo(page, 'Customers')
  await stage.browser.context.setOffline(true)
  const row = customerRow(page, CLUB)
  await row.getByRole('button', { name: `Edit ${CLUB}` }).click()
  await row.getByLabel('Notes').fill('Eight rowers and a cox')
  await row.getByRole('button', { name: 'Save' }).click()
  await row.getByText('Waiting to send').waitFor()
  await row.getByText('Eight rowers and a cox').waitFor()

  await stage.browser.context.setOffline(false)
  await chip(page, 'All changes saved')
  const data = await askGateway(stage, 'agent-1', '{ customer(id: "customer-1") { notes } }')
  expect(data).toEqual({ customer: { notes: 'Eight rowers and a cox' } })
  await page.close()
})

test('a conflict is shown field by field, and the merge that a person chose is what the gateway keeps', async () => {
  const page = await signIn(stage, 'Agent 1')
  await goTo(page, 'Customers')
  await workOffline(page, true)
  const row = customerRow(page, 'North Choir')
  await row.getByRole('button', { name: 'Edit North Choir' }).click()
  await row.getByLabel('Phone').fill('+351 555 7777')
  await row.getByLabel('Notes').fill('Call after six')
  await row.getByRole('button', { name: 'Save' }).click()
  await row.getByText('Waiting to send').waitFor()
  await askGateway(
    stage,
    'agent-1',
    'mutation ($patch: CustomerPatch!) { updateCustomer(id: "customer-3", baseVersion: 1, patch: $patch) { task { status } } }',
    { patch: { phone: '+351 555 8888', notes: 'Vegetarian' } },
  )
  await workOffline(page, false)

  const conflict = page.getByRole('region', { name: 'Needs review: North Choir' })
  await conflict.waitFor()
  await chip(page, '1 needs review')
  const merge = conflict.getByRole('button', { name: 'Merge as chosen' })
  expect(await merge.isEnabled()).toBe(false)
  await conflict.getByRole('radio', { name: /Phone, yours/ }).check()
  await conflict.getByRole('radio', { name: /Notes, now on server/ }).check()
  await merge.click()
  await chip(page, 'All changes saved')
  const data = await askGateway(stage, 'agent-1', '{ customer(id: "customer-3") { phone notes } }')
  expect(data).toEqual({ customer: { phone: '+351 555 7777', notes: 'Vegetarian' } })
  await page.close()
})

test('what the gateway refuses stays with its reason until it is changed or discarded', async () => {
  const page = await signIn(stage, 'Agent 1')
  await book(page, { ...LISBON, hotel: /Tramline Rooms/ })
  const entry = waiting(page).filter({ hasText: 'Failed' })
  await entry.waitFor()
  await chip(page, '1 failed')
  await entry.getByRole('button', { name: /^Discard/ }).click()
  await entry.getByRole('button', { name: 'Discard', exact: true }).click()
  await chip(page, 'All changes saved')
  await page.close()
})

test('what waits stays with its owner when another user signs in', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await goTo(page, 'Customers')
  await page.getByRole('button', { name: 'New customer' }).click()
  await page.getByLabel('Name').fill('Tidewater Singers')
  await page.getByRole('button', { name: 'Save' }).click()
  await customerRow(page, 'Tidewater Singers').getByText('Waiting to send').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'keep them here' }).click()

  await page.getByRole('button', { name: 'Agent 2' }).click()
  await customerRow(page, 'Riverside Chess Circle').waitFor()
  expect(await waiting(page).count()).toBe(0)
  expect(await customerRow(page, 'Tidewater Singers').count()).toBe(0)
  await page.getByRole('button', { name: 'Sign out' }).click()

  await page.getByRole('button', { name: 'Agent 1' }).click()
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  const data = await askGateway(stage, 'agent-1', '{ customers(search: "Tidewater") { nodes { name } } }')
  expect(data).toEqual({ customers: { nodes: [{ name: 'Tidewater Singers' }] } })
  await page.close()
})

test('what is changed in one tab waits in the other, and who signs out in one is signed out in both', async () => {
  const [page, other] = [await signIn(stage, 'Agent 1'), await signIn(stage, 'Agent 1')]
  await workOffline(other, true)
  await page.bringToFront() // A tab in the background draws nothing, and clicks wait for that.
  await chip(page, 'Offline')
  await goTo(page, 'Customers')
  const row = customerRow(page, 'North Choir')
  await row.getByRole('button', { name: 'Edit North Choir' }).click()
  await row.getByLabel('Address').fill('2 Chapel Lane')
  await row.getByRole('button', { name: 'Save' }).click()
  await waiting(other).getByText('Saved on this device').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'send first' }).click()
  await page.getByText('Nothing can be sent while you work offline.').waitFor()
  await page.getByRole('button', { name: 'discard them' }).click()
  for (const each of [page, other]) await each.getByRole('button', { name: 'Agent 2' }).waitFor()
  expect(await other.getByText('North Choir').count()).toBe(0)
  await page.getByRole('button', { name: 'Agent 2' }).click()
  await goTo(page, 'Customers')
  await customerRow(page, 'Riverside Chess Circle').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await Promise.all([page.close(), other.close()])
})

test('at 360 px nothing is cut off, and every control has a name', async () => {
  const page = await signIn(stage, 'Agent 1', { width: 360 })
  for (const view of ['Vacations', 'Customers', 'Offers'] as const) {
    await goTo(page, view)
    await page.getByRole('heading', { name: view, exact: true }).waitFor()
    const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
    expect(content).toBeLessThanOrEqual(window_ ?? 0)
    for (const role of ['button', 'textbox', 'combobox', 'checkbox', 'spinbutton', 'switch', 'link'] as const) {
      expect(await page.getByRole(role, { name: /^$/ }).count(), `${role} without a name on ${view}`).toBe(0)
    }
  }
  await page.close()
})
