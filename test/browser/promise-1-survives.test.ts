import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { askGateway, book, chip, signIn, vacationRows, waiting } from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

test('a task whose promise resolved survives kill -9 of the browser and is applied exactly once', async () => {
  const page = await signIn(stage, 'Agent 1')
  await stage.gateway.kill()
  // Resolves when `mutate()` has: the page says "Saved on this device." only then.
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
  expect(await waiting(again).count()).toBe(0)
  const booked = await askGateway(
    stage,
    'agent-1',
    '{ vacations { nodes { status } } tasks { nodes { name status } } }',
  )
  expect(booked).toMatchObject({ vacations: { nodes: [{ status: 'BOOKED' }] } })
  const { tasks } = booked as { tasks: { nodes: { name: string; status: string }[] } }
  expect(tasks.nodes.filter(({ name }) => name === 'bookVacation')).toEqual([
    { name: 'bookVacation', status: 'CONFIRMED' },
  ])
}, 90_000)
