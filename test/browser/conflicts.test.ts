/** What becomes of a conflict when it is more than one field against another: nothing is lost by a choice, and nothing is chosen unseen. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { fillGateway } from './screens.ts'
import {
  askGateway,
  chip,
  customerRow,
  editCustomer,
  goTo,
  openConflict,
  signIn,
  syncChip,
  vacationRows,
  workOffline,
} from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) {
    stage = await raiseStage()
    await fillGateway(stage)
  }
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

const FIELDS = 'id version name email phone notes'
type Customer = Readonly<Record<'name' | 'email' | 'phone' | 'notes', string | null>> & { version: number }

async function customer(id: string): Promise<Customer | null> {
  const data = await askGateway(stage, 'supervisor-1', `{ customer(id: "${id}") { ${FIELDS} } }`)
  return (data as { customer: Customer | null }).customer
}

/** Somebody else changes a customer. */
const changeElsewhere = async (id: string, patch: object): Promise<unknown> =>
  askGateway(
    stage,
    'supervisor-1',
    'mutation ($id: ID!, $baseVersion: Int!, $patch: CustomerPatch!) { updateCustomer(id: $id, baseVersion: $baseVersion, patch: $patch) { task { status } } }',
    { id, baseVersion: (await customer(id))?.version, patch },
  )

test('with keys alone: theirs is taken of what both changed, and what nobody else touched is not lost', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await editCustomer(page, 'North Choir', { Phone: '+351 555 7777', Email: 'new@north-choir.example' })
  await changeElsewhere('customer-3', { phone: '+351 555 8888' })
  await workOffline(page, false)
  await chip(page, '1 needs review')

  await syncChip(page, '1 needs review').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /^Settle/ }).focus()
  await page.keyboard.press('Enter')
  const conflict = page.getByRole('dialog', { name: 'Needs review: North Choir' })
  await conflict.getByText('You wanted').waitFor()
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toMatch(/^You wanted/)
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  const phone = conflict.getByRole('radiogroup', { name: 'Phone' })
  await expect.poll(() => phone.getByRole('radio', { checked: true }).count()).toBe(0)
  await page.keyboard.press('ArrowRight')
  expect(await phone.getByRole('radio', { name: /^Phone, now on server/ }).isChecked()).toBe(true)
  expect(await conflict.getByRole('checkbox', { name: 'Also change email' }).isChecked()).toBe(true)
  await page.keyboard.press('Enter')
  await conflict.waitFor({ state: 'hidden' })
  await chip(page, 'All changes saved')
  expect(await customer('customer-3')).toMatchObject({ phone: '+351 555 8888', email: 'new@north-choir.example' })
  await page.close()
})

test('what changes once more under a choice is open again; the other choices stay', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await editCustomer(page, 'Hill School, class 9', { Phone: '+351 555 1111', Notes: 'Two teachers' })
  await changeElsewhere('customer-2', { phone: '+351 555 2222', notes: 'One teacher' })
  await workOffline(page, false)
  await chip(page, '1 needs review')
  const conflict = await openConflict(page, 'Hill School, class 9')
  await conflict.getByRole('radio', { name: /^Phone, yours/ }).check()
  await conflict.getByRole('radio', { name: /^Notes, yours/ }).check()
  await changeElsewhere('customer-2', { notes: 'Three teachers' })
  await conflict.getByRole('button', { name: 'Apply' }).click()

  await conflict
    .getByRole('alert')
    .getByText(/changed once more on the server.*Notes/)
    .waitFor()
  await conflict.getByRole('radio', { name: 'Notes, now on server: Three teachers' }).check()
  expect(await conflict.getByRole('radio', { name: /^Phone, yours/ }).isChecked()).toBe(true)
  await conflict.getByRole('button', { name: 'Apply' }).click()
  await conflict.waitFor({ state: 'hidden' })
  await chip(page, 'All changes saved')
  expect(await customer('customer-2')).toMatchObject({ phone: '+351 555 1111', notes: 'Three teachers' })
  await page.close()
})

test('where one side deleted the record it is all or nothing, in words', async () => {
  const page = await signIn(stage, 'Agent 1')
  const input = { id: 'customer-gone', name: 'Old Mill Quartet', phone: '+351 555 0300' }
  const create = 'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { task { status } } }'
  await askGateway(stage, 'agent-1', create, { input })
  await goTo(page, 'Customers')
  await customerRow(page, input.name).waitFor()
  await workOffline(page, true)
  await editCustomer(page, input.name, { Phone: '+351 555 0301' })
  await askGateway(
    stage,
    'agent-1',
    'mutation { deleteCustomer(id: "customer-gone", baseVersion: 1) { task { status } } }',
  )
  await workOffline(page, false)
  await chip(page, '1 needs review')

  await syncChip(page, '1 needs review').click()
  await page.getByRole('button', { name: /^Settle/ }).click()
  const conflict = page.getByRole('dialog', { name: /^Needs review/ })
  await conflict.getByText(/^Deleted on the server by you, on another device/).waitFor()
  await conflict.getByRole('button', { name: 'Apply' }).click()
  await conflict.getByRole('alert').getByText('Choose one of the two first.').waitFor()
  expect(await customer('customer-gone')).toBe(null)
  await conflict.getByRole('radio', { name: /^Bring it back/ }).check()
  await conflict.getByRole('button', { name: 'Apply' }).click()
  await conflict.waitFor({ state: 'hidden' })
  await chip(page, 'All changes saved')
  expect(await customer('customer-gone')).toMatchObject({ name: 'Old Mill Quartet', phone: '+351 555 0301' })
  await page.close()
})

test('of a vacation that two changed, one’s own days are asked of the suppliers anew', async () => {
  const page = await signIn(stage, 'Agent 1')
  await vacationRows(page).filter({ hasText: 'Harbour Rowing Club' }).getByRole('link').click()
  await workOffline(page, true)
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  const form = page.getByRole('form', { name: 'Change the vacation' })
  await form.getByRole('textbox', { name: 'Travellers' }).fill('4')
  await form.getByRole('textbox', { name: 'Notes' }).fill('Late arrival')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'hidden' })
  const change =
    'mutation { changeVacation(id: "vacation-1", baseVersion: 1, patch: { travellers: 3, notes: "Early arrival" }) { task { status } } }'
  await askGateway(stage, 'supervisor-1', change)
  await workOffline(page, false)
  await chip(page, '1 needs review')

  const conflict = await openConflict(page, 'Harbour Rowing Club')
  await conflict.getByRole('radio', { name: /^Travellers, yours/ }).check()
  await conflict.getByRole('radio', { name: /^Notes, now on server/ }).check()
  await conflict.getByText('have to be asked again').waitFor()
  await conflict.getByRole('button', { name: 'Apply' }).click()
  await conflict.waitFor({ state: 'hidden' })
  await chip(page, 'All changes saved')
  const data = await askGateway(
    stage,
    'agent-1',
    '{ vacation(id: "vacation-1") { travellers notes hotel { offerId } } }',
  )
  expect(data).toMatchObject({
    vacation: { travellers: 4, notes: 'Early arrival', hotel: { offerId: expect.any(String) } },
  })
  await page.close()
})
