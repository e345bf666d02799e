/** Conflicts that a person puts off, decides without a network, or hands to a supervisor. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import {
  askGateway,
  chip,
  editCustomer,
  goTo,
  openConflict,
  openOutbox,
  signIn,
  waiting,
  workOffline,
} from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

const CHANGE =
  'mutation ($id: ID!, $baseVersion: Int!, $patch: CustomerPatch!) { updateCustomer(id: $id, baseVersion: $baseVersion, patch: $patch) { task { status } } }'

interface Known {
  customer: { version: number; phone: string }
}

const customer = async (id: string): Promise<Known['customer']> =>
  ((await askGateway(stage, 'supervisor-1', `{ customer(id: "${id}") { version phone } }`)) as Known).customer

/** Somebody else changes the phone of a customer. */
async function changeElsewhere(id: string, phone: string): Promise<void> {
  const { version } = await customer(id)
  await askGateway(stage, 'supervisor-1', CHANGE, { id, baseVersion: version, patch: { phone } })
}

test('Escape decides nothing; what is decided without a network waits, and is what the gateway keeps', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await editCustomer(page, 'North Choir', { Phone: '+351 555 7777' })
  await changeElsewhere('customer-3', '+351 555 8888')
  await workOffline(page, false)
  await chip(page, '1 needs review')

  const conflict = await openConflict(page, 'North Choir')
  await conflict.getByRole('radio', { name: /^Phone, yours/ }).check()
  await page.keyboard.press('Escape')
  await conflict.waitFor({ state: 'hidden' })
  await chip(page, '1 needs review')
  expect((await customer('customer-3')).phone).toBe('+351 555 8888')

  await workOffline(page, true)
  await openConflict(page, 'North Choir')
  await conflict.getByRole('radio', { name: /^Phone, yours/ }).check()
  await page.keyboard.press('Enter')
  await conflict.getByText('Your decision is saved on this device').waitFor()
  await conflict.getByRole('button', { name: 'Close' }).last().click()
  expect((await customer('customer-3')).phone).toBe('+351 555 8888')
  await workOffline(page, false)
  await chip(page, 'All changes saved')
  expect((await customer('customer-3')).phone).toBe('+351 555 7777')
  await page.close()
})

test('what an agent hands on stands in the supervisor’s inbox, and the outcome comes back by itself', async () => {
  const page = await signIn(stage, 'Agent 1')
  await workOffline(page, true)
  await editCustomer(page, 'Hill School, class 9', { Phone: '+351 555 1111' })
  await changeElsewhere('customer-2', '+351 555 2222')
  await workOffline(page, false)
  await chip(page, '1 needs review')
  const conflict = await openConflict(page, 'Hill School, class 9')
  await conflict.getByRole('button', { name: 'Ask a supervisor' }).click()
  await page
    .getByRole('dialog', { name: 'Hand this to a supervisor?' })
    .getByRole('button', { name: 'Ask a supervisor' })
    .click()
  await conflict.waitFor({ state: 'hidden' })
  await openOutbox(page)
  await waiting(page).getByText('A supervisor is deciding.').waitFor()

  const supervisor = await signIn(stage, 'Supervisor 1', { device: await stage.anotherDevice() })
  await goTo(supervisor, 'Review')
  const item = supervisor
    .getByRole('list', { name: 'Conflicts that wait for a supervisor' })
    .getByRole('listitem')
    .filter({ hasText: 'Hill School' })
  await item.getByRole('button', { name: /^Decide/ }).click()
  await item.getByRole('radio', { name: /^Phone, the agent’s/ }).check()
  await workOffline(supervisor, true)
  await item.getByRole('button', { name: 'Apply' }).click()
  await item.getByText('Saved on this device', { exact: true }).waitFor()
  expect((await customer('customer-2')).phone).toBe('+351 555 2222')
  await workOffline(supervisor, false)
  await item.waitFor({ state: 'hidden' })

  await page.getByText(/^A supervisor has decided about your change \(phone\): Confirmed/).waitFor()
  await chip(page, 'All changes saved')
  expect((await customer('customer-2')).phone).toBe('+351 555 1111')
  await page.close()
})
