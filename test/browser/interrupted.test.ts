/** What may happen in the middle of a replay: a tab dies, a token expires, a new version arrives. Nothing is lost, and nothing happens twice. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { hasTasks } from '../support/front.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import {
  askGateway,
  chip,
  editCustomer,
  installed,
  newCustomer,
  signIn,
  signInWithToken,
  workOffline,
} from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage({ front: true })
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

const notes = async (id: string): Promise<unknown> =>
  (
    (await askGateway(stage, 'agent-1', '{ customers { nodes { id notes } } }')) as {
      customers: { nodes: { id: string; notes: string }[] }
    }
  ).customers.nodes.find(customer => customer.id === id)?.notes

/** How often each of the tasks was applied: its customer's version counts the writes. */
const version = async (id: string): Promise<number> =>
  ((await askGateway(stage, 'agent-1', `{ customer(id: "${id}") { version } }`)) as { customer: { version: number } })
    .customer.version

test('a tab that dies while it is sending leaves the rest to the other, and each change is applied once', async () => {
  const [first, second] = [await signIn(stage, 'Agent 1'), await signIn(stage, 'Agent 1')]
  const before = [await version('customer-1'), await version('customer-2')]
  await workOffline(second, true)
  await editCustomer(second, 'Harbour Rowing Club', { Notes: 'Eight rowers and a cox' })
  await editCustomer(second, 'Hill School, class 9', { Notes: 'Two teachers' })
  const sender = Promise.race(
    [first, second].map(async page => {
      await page.waitForRequest(request => request.postData()?.includes('TaskInput') === true)
      return page
    }),
  )
  // The gateway has applied them, and the tab never hears of it.
  const answers = stage.front.holdAnswers(hasTasks)
  await workOffline(second, false)
  await answers.first
  const dying = await sender
  const living = dying === first ? second : first
  await crash(dying)
  answers.release()

  await living.bringToFront()
  await chip(living, 'All changes saved')
  expect(await notes('customer-1')).toBe('Eight rowers and a cox')
  expect(await notes('customer-2')).toBe('Two teachers')
  expect([await version('customer-1'), await version('customer-2')]).toEqual(before.map(each => each + 1))
  await Promise.all([first.close(), second.close()])
})

/** Its process ends at once, as when the system needs the memory. */
async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  // Nobody is left to answer.
  session.send('Page.crash').catch(() => undefined)
  await crashed
}

test('a version that arrives in the middle of a replay is offered, runs only when everything has been sent, and each change is applied once', async () => {
  const page = await signIn(stage, 'Agent 1')
  await installed(page)
  const before = await version('customer-3')
  await workOffline(page, true)
  await editCustomer(page, 'North Choir', { Notes: 'Forty voices' })
  const answers = stage.front.holdAnswers(hasTasks)
  await workOffline(page, false)
  await answers.first

  await serveVersion(page, '2')
  const offer = page.getByRole('button', { name: 'Reload now' })
  await offer.click()
  await page.getByText(/loaded after sending/).waitFor()
  // Pressed or not: what is under way is not torn away.
  expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting !== null)).toBe(true)
  expect(await runningVersion(page)).toBeUndefined()

  // Requests do not keep the old worker: it would stay for half a minute after one that wakes it.
  await page.evaluate(() => void setInterval(() => void fetch('/health').catch(() => undefined), 5))
  answers.release()
  await page.waitForFunction(() => document.documentElement.dataset['version'] === '2', undefined, { timeout: 20_000 })
  await chip(page, 'All changes saved')
  expect(await notes('customer-3')).toBe('Forty voices')
  expect(await version('customer-3')).toBe(before + 1)
  await page.close()
})

test('a version that one tab takes leaves the form of another alone and says so there', async () => {
  const [writing, taking] = [await signIn(stage, 'Agent 1'), await signIn(stage, 'Agent 1')]
  await Promise.all([installed(writing), installed(taking)])
  await writing.goto(`${stage.front.url}/customers/new`)
  const name = writing.getByRole('textbox', { name: 'Name' })
  await name.fill('Bell Ringers of')
  await serveVersion(taking, '3')
  await taking.getByRole('button', { name: 'Reload now' }).click()
  await taking.waitForFunction(() => document.documentElement.dataset['version'] === '3')
  await writing.getByText('Another tab runs a newer version.').waitFor()
  expect(await name.inputValue()).toBe('Bell Ringers of')
  await Promise.all([writing.close(), taking.close()])
})

/** Resolves when the browser has found it. A look that was under way has seen the old one, and ours becomes part of it. */
async function serveVersion(page: Page, next: string): Promise<void> {
  stage.front.serveVersion(next)
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    while (!registration.installing && !registration.waiting) await registration.update()
  })
}

const runningVersion = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => document.documentElement.dataset['version'])

test('a token that expires in the middle of a replay asks the person to sign in again; nothing is lost, and it goes on by itself', async () => {
  const guarded = await raiseStage({ secret: 'a secret that is long enough for everybody', front: true })
  try {
    const short = await guarded.tokenOf('ann', { seconds: 10 })
    const page = await signInWithToken(guarded, short)
    await workOffline(page, true)
    await newCustomer(page, { Name: 'Tidewater Singers' })
    await newCustomer(page, { Name: 'Lantern Walkers' })
    const requests = guarded.front.holdRequests(hasTasks)
    await workOffline(page, false)
    await Promise.race([requests.first, chip(page, 'Sign in again')])
    await expect.poll(() => isTaken(guarded, short)).toBe(false)
    requests.release()
    await chip(page, 'Sign in again')

    const dialog = page.getByRole('dialog', { name: /Sign in again/ })
    if (!(await dialog.isVisible()))
      await page
        .getByRole('banner')
        .getByRole('button', { name: /^Sign in again/ })
        .first()
        .click()
    await dialog.getByRole('textbox', { name: 'Token' }).fill(await guarded.tokenOf('ann'))
    await dialog.getByRole('button', { name: /^Sign in/ }).click()
    await chip(page, 'All changes saved')
    const { customers } = (await askGateway(guarded, 'ann', '{ customers { nodes { name } } }')) as {
      customers: { nodes: { name: string }[] }
    }
    expect(customers.nodes.map(({ name }) => name).sort()).toEqual(['Lantern Walkers', 'Tidewater Singers'])
  } finally {
    await guarded.close()
  }
}, 60_000)

async function isTaken(at: Stage, token: string): Promise<boolean> {
  const answer = await fetch(`${at.gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ customers(first: 1) { nodes { id } } }' }),
  })
  return !(await answer.text()).includes('UNAUTHENTICATED')
}
