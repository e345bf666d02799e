/** Customers and offers on the page: found by their address, changed without a connection, taken and given back, deleted and brought back. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { fillGateway } from './screens.ts'
import { askGateway, chip, customerRow, goTo, open, signIn, workOffline } from './travel-agent.ts'

const CLUB = 'Harbour Rowing Club'
const SCHOOL = 'Hill School, class 9'
const CHOIR = 'North Choir'

const UPDATE = `mutation ($version: Int!, $patch: CustomerPatch!) {
  updateCustomer(id: "customer-3", baseVersion: $version, patch: $patch) { task { status } } }`
const CHECK_OUT = 'mutation { checkOut(type: "Customer", id: "customer-2", minutes: 60) { task { status } } }'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

test('a search and the customer beside it stand in the address', async () => {
  const page = await signIn(stage, 'Agent 1', { width: 1200, height: 850 })
  await page.goto(`${stage.url}/customers?q=CHOIR`)
  await customerRow(page, CHOIR).getByRole('link').click()
  await page.getByRole('heading', { name: CHOIR }).waitFor()
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/customers/customer-3?q=CHOIR')

  await page.reload()
  await page.getByRole('heading', { name: CHOIR }).waitFor()
  expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('CHOIR')
  expect(await customerRow(page, '').count()).toBe(1)
  await page.getByRole('searchbox', { name: 'Search' }).fill('nobody of that name')
  await page.getByText('Nobody fits this search.').waitFor()
  await page.getByRole('button', { name: 'Clear the search' }).click()
  await customerRow(page, CLUB).waitFor()
  await page.close()
})

test('an edit made offline is tentative, then confirmed; a form keeps its input and says what changed underneath', async () => {
  const page = await open(stage, { path: '/customers/customer-3', width: 1200, height: 850 })
  const form = await edit(page, CHOIR)
  await form.getByRole('textbox', { name: 'Name' }).fill('')
  await form.getByRole('textbox', { name: 'Email' }).fill('no address')
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await form.getByText('A customer needs a name.').waitFor()
  await form.getByText('An email address looks like name@example.com.').waitFor()

  await askGateway(stage, 'agent-1', UPDATE, { version: 1, patch: { notes: 'Vegetarian' } })
  await form.getByText('Notes is now “Vegetarian”.').waitFor()
  await workOffline(page, true)
  await form.getByRole('textbox', { name: 'Name' }).fill(CHOIR)
  await form.getByRole('textbox', { name: 'Email' }).fill('choir@north.example')
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(`${CHOIR}: Saved on this device`).first().waitFor()
  const row = customerRow(page, CHOIR)
  await row.getByText('Waiting to send').waitFor()
  await row.getByText('choir@north.example').waitFor()
  expect(await row.getAttribute('data-tentative')).toBe('true')

  await workOffline(page, false)
  await row.getByText('Waiting to send').waitFor({ state: 'detached' })
  await chip(page, 'All changes saved')
  // Both sides changed other fields, so both stand.
  await page.getByRole('main').getByText('Vegetarian').first().waitFor()
  expect(await customerAtGateway('customer-3')).toMatchObject({ email: 'choir@north.example', notes: 'Vegetarian' })
  await page.close()
})

test('a check-out is seen by others, who are told that they would be refused; one that is refused says who has it', async () => {
  const page = await open(stage, { path: '/customers/customer-1', width: 1200, height: 850 })
  await page.getByRole('button', { name: 'Check out', exact: true }).click()
  await page.getByText(/^You have it until \d\d:\d\d\.$/).waitFor()

  const other = await signIn(stage, 'Supervisor 1', { device: await stage.anotherDevice(), width: 1200, height: 850 })
  await goTo(other, 'Customers')
  await customerRow(other, CLUB)
    .getByText(/^Checked out by agent-1 until/)
    .waitFor()
  await customerRow(other, CLUB).getByRole('link').click()
  const form = await edit(other, CLUB)
  await form.getByText(/^agent-1 has it until/).waitFor()
  await form.getByRole('textbox', { name: 'Notes' }).fill('Mine')
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await customerRow(other, CLUB).getByText('Failed').waitFor()
  await customerRow(other, CLUB)
    .getByText(/^agent-1 has it checked out until/)
    .waitFor()
  await page.getByRole('button', { name: 'Check in' }).click()
  await customerRow(other, CLUB)
    .getByText(/^Checked out by/)
    .waitFor({ state: 'detached' })
  await other.close()

  // What this device knows is a moment behind.
  const release = await holdChanges(page)
  await askGateway(stage, 'supervisor-1', CHECK_OUT)
  await customerRow(page, SCHOOL).getByRole('link').click()
  await page.getByRole('button', { name: 'Check out', exact: true }).click()
  await page
    .getByRole('alert')
    .getByText(/^supervisor-1 has it checked out until \d\d:\d\d\. Nothing was checked out\.$/)
    .waitFor()
  expect(await customerRow(page, SCHOOL).getByText('Failed').count()).toBe(0)
  await release()
  await page.getByText(/^supervisor-1 has it until/).waitFor()
  await workOffline(page, true)
  await goToCustomer(page, CHOIR)
  await page.getByText('Checking out needs a connection').waitFor()
  expect(await page.getByRole('button', { name: 'Check out', exact: true }).isDisabled()).toBe(true)
  await workOffline(page, false)
  await page.close()
}, 30_000)

test('a deletion is undone before it was sent, and after it', async () => {
  const page = await open(stage, { path: '/customers/customer-3', width: 1200, height: 850 })
  await workOffline(page, true)
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  const row = customerRow(page, CHOIR)
  await row.getByText('Will be deleted').waitFor()
  await page.getByText(`${CHOIR} will be deleted. Saved on this device.`).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone before it was sent').waitFor()
  await row.getByText('Will be deleted').waitFor({ state: 'detached' })
  await chip(page, /^Offline/)
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  expect(await customerAtGateway('customer-3')).toMatchObject({ name: CHOIR })

  await goToCustomer(page, CHOIR)
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText(`${CHOIR} was deleted.`).waitFor()
  await row.waitFor({ state: 'detached' })
  expect(await customerAtGateway('customer-3')).toBeNull()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('It had been sent already').waitFor()
  await row.getByText('choir@north.example').waitFor()
  await chip(page, 'All changes saved')
  await page.close()
})

test('a customer with a booked vacation is not deleted, and its row says why', async () => {
  await fillGateway(stage)
  const page = await open(stage, { path: '/customers/customer-1', width: 1200, height: 850 })
  await page.getByRole('link', { name: /Lisbon/ }).waitFor()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  const row = customerRow(page, CLUB)
  await row.getByText('This customer still has a booked vacation.').waitFor()
  await row.getByText('Failed').waitFor()
  expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0)
  await row.getByRole('button', { name: 'Open the outbox' }).click()
  await page.getByRole('dialog', { name: 'Outbox' }).getByText(`Delete customer ${CLUB}`).waitFor()
  await page.close()
})

test('offers say what is discontinued, by what it is replaced, and which price may have changed', async () => {
  const page = await open(stage, { path: '/offers?place=Bergen', width: 1200, height: 850 })
  const van = page.getByRole('row', { name: /Fjord Road Cars, van/ })
  await van.getByText('Discontinued').waitFor()
  expect(await van.getByRole('link', { name: /^Book/ }).count()).toBe(0)
  expect(await page.getByText('Price may have changed').count()).toBe(0)
  await van.getByRole('link', { name: 'Fjord Road Cars, electric' }).click()
  const successor = page.getByRole('row', { name: /^Fjord Road Cars, electric/ })
  expect(await successor.evaluate(row => row === document.activeElement)).toBe(true)
  await successor.getByRole('link', { name: 'Book Fjord Road Cars, electric' }).click()
  await page.getByRole('form', { name: 'Book a vacation' }).waitFor()

  await page.clock.setFixedTime(Date.now() + 10 * 86_400_000)
  await page.goto(`${stage.url}/offers?place=Lisbon`)
  await page.getByText('Price may have changed').first().waitFor()
  expect(await page.getByRole('combobox', { name: 'Place' }).inputValue()).toBe('Lisbon')
  await page.close()
})

async function goToCustomer(page: Page, name: string): Promise<void> {
  await customerRow(page, name).getByRole('link').click()
  await page.getByRole('heading', { name }).waitFor()
}

/** The form about the customer that stands there. */
async function edit(page: Page, name: string): Promise<ReturnType<Page['getByRole']>> {
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  return page.getByRole('form', { name: `Edit ${name}` })
}

async function customerAtGateway(id: string): Promise<unknown> {
  const query = 'query ($id: ID!) { customer(id: $id) { name email notes } }'
  return ((await askGateway(stage, 'agent-1', query, { id })) as { customer: unknown }).customer
}

/** From now on the page learns nothing new, though what it sends is answered; until the returned function is called. */
async function holdChanges(page: Page): Promise<() => Promise<void>> {
  let release: () => void = () => undefined
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  await page.route('**/graphql', async route => {
    if (route.request().postData()?.includes('query Changes')) await released
    await route.continue()
  })
  return async () => {
    release()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }
}
