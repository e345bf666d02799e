/** A device that keeps nothing: the page says so in words, and calls nothing saved that is not. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { chip, fillCustomer, signIn, waiting } from './travel-agent.ts'

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

test('where the browser lets pages keep nothing, the page says so', async () => {
  const device = await stage.anotherDevice({ storageBlocked: true })
  const page = await device.openPage()
  const thrown: string[] = []
  page.on('pageerror', error => thrown.push(error.message))
  await page.goto(stage.url)
  await page.getByRole('button', { name: /Agent 1/ }).click()
  await page
    .getByRole('alert')
    .getByText(/stor|keep/)
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Try again' }).waitFor()
  expect(thrown).toEqual([])
})

test('what does not fit on the device is not called saved, and the form keeps it until there is room', async () => {
  await (await signIn(stage, 'Agent 1')).close()
  // Chromium remembers for a while how much room there was.
  await stage.restartBrowser()
  const page = await stage.browser.openPage()
  const session = await stage.browser.context.newCDPSession(page)
  const quota = (quotaSize?: number) =>
    session.send('Storage.overrideQuotaForOrigin', {
      origin: stage.url,
      ...(quotaSize === undefined ? {} : { quotaSize }),
    })
  await quota(1)
  await page.goto(`${stage.url}/customers`)
  const form = await fillCustomer(page, { Name: 'Tidewater Singers', Notes: 'No room for them' })
  await form.getByRole('button', { name: 'Save' }).click()
  await page
    .getByText(/could not store it/)
    .first()
    .waitFor()
  expect(await form.getByLabel('Name').inputValue()).toBe('Tidewater Singers')
  expect(await form.getByLabel('Notes').inputValue()).toBe('No room for them')
  expect(await page.getByText('Saved on this device').count()).toBe(0)
  expect(await page.getByText('Waiting to send').count()).toBe(0)

  await quota()
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'hidden' })
  await chip(page, 'All changes saved')
  expect(await waiting(page).count()).toBe(0)
  await page.close()
})
