import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import {
  askGateway,
  book,
  chip,
  closeOutbox,
  installed,
  open,
  openOutbox,
  signIn,
  vacationRows,
  waiting,
} from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

interface Booked {
  vacations: { nodes: { customerId: string; status: string }[] }
  tasks: { nodes: { name: string; status: string }[] }
}

/** What the gateway has of the bookings for that customer, and of all that were sent to it. */
async function bookedFor(customer: string): Promise<{ vacations: string[]; tasks: string[] }> {
  const { vacations, tasks } = (await askGateway(
    stage,
    'agent-1',
    '{ vacations { nodes { customerId status } } tasks { nodes { name status } } }',
  )) as Booked
  return {
    vacations: vacations.nodes.filter(({ customerId }) => customerId === customer).map(({ status }) => status),
    tasks: tasks.nodes.filter(({ name }) => name === 'bookVacation').map(({ status }) => status),
  }
}

test('a task whose promise resolved survives kill -9 of the browser and is applied exactly once', async () => {
  const page = await signIn(stage, 'Agent 1')
  await installed(page)
  await stage.gateway.kill()
  // Resolves when `mutate()` has: the vacation has its own screen only then.
  await book(page, {
    customer: 'Hill School, class 9',
    place: 'Lisbon',
    hotel: /Casa do Farol/,
    flight: /Cloudferry 31/,
  })
  await stage.browser.kill()

  await stage.restartGateway()
  await stage.restartBrowser()
  // Chromium may not have written yet who was signed in: that is localStorage. What `mutate()` promised is not there.
  const again = await signIn(stage, 'Agent 1')
  const row = vacationRows(again).filter({ hasText: 'Hill School, class 9' })
  await row.getByText('Booked', { exact: true }).waitFor()
  await chip(again, 'All changes saved')
  expect(await row.count()).toBe(1)
  expect(await row.locator('code').count()).toBe(2)
  expect(await bookedFor('customer-2')).toEqual({ vacations: ['BOOKED'], tasks: ['CONFIRMED'] })
  await again.close()
}, 90_000)

test('booked without a network, reloaded, the browser closed and opened again: the page is there, and the booking is confirmed once', async () => {
  const page = await signIn(stage, 'Agent 1')
  // Without its worker the page could not be opened below.
  await installed(page)
  await stage.gateway.kill()
  await stage.browser.context.setOffline(true)
  await book(page, {
    customer: 'Harbour Rowing Club',
    place: 'Marrakesh',
    hotel: /Riad of Four Wells/,
    flight: /Dunewind 12/,
    car: /small/,
  })
  await page.reload()
  await page.getByText('Waiting to send').first().waitFor()

  await stage.restartBrowser()
  await stage.browser.context.setOffline(true)
  const again = await open(stage)
  const row = vacationRows(again).filter({ hasText: 'Harbour Rowing Club' })
  await row.getByText('Waiting to send').waitFor()
  await chip(again, 'Offline, 1 waiting')
  await openOutbox(again)
  const [entry] = [waiting(again)]
  await entry.getByText('Saved on this device').waitFor()
  for (const shown of [row, entry]) expect(await shown.textContent()).not.toMatch(/\b(done|booked|confirmed)\b/i)
  await closeOutbox(again)
  expect(await row.locator('code').count()).toBe(0)

  await stage.restartGateway()
  await stage.browser.context.setOffline(false)
  await row.getByText('Booked', { exact: true }).waitFor()
  await chip(again, 'All changes saved')
  expect(await row.locator('code').count()).toBe(3)
  expect(await bookedFor('customer-1')).toEqual({ vacations: ['BOOKED'], tasks: ['CONFIRMED', 'CONFIRMED'] })
  await again.close()
}, 90_000)
