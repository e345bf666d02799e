/** `npm run screenshots`: the pictures of the web app in docs/images, of the real page with the demo's data. */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { fillGateway } from './browser/screens.ts'
import {
  askGateway,
  book,
  chip,
  editCustomer,
  goTo,
  newCustomer,
  openConflict,
  openOutbox,
  signIn,
  vacationRows,
  waiting,
  workOffline,
} from './browser/travel-agent.ts'
import { setup } from './support/global-setup.ts'
import { raiseStage, type Stage } from './support/stage.ts'

const IMAGES = fileURLToPath(new URL('../docs/images', import.meta.url))
const SIZE = { width: 1200, height: 800 }
const MOST_BYTES = 200_000

async function take(page: Page, name: string, colorScheme: 'light' | 'dark' = 'light'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  // A ring around what was pressed last is no part of the picture.
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur())
  await page.mouse.move(0, 0)
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'))
  const path = join(IMAGES, `${name}.png`)
  await page.screenshot({ path, scale: 'css' })
  const { size } = await stat(path)
  if (size > MOST_BYTES)
    throw new Error(`${path} has ${size} bytes; a reader should not wait for more than ${MOST_BYTES}.`)
  process.stdout.write(`${path} ${Math.round(size / 1000)} kB\n`)
}

/** Offline with some work: three changes that wait, shown in the outbox. */
async function outbox(page: Page): Promise<void> {
  await workOffline(page, true)
  await editCustomer(page, 'Harbour Rowing Club', { Notes: 'Eight rowers and a cox' })
  await newCustomer(page, { Name: 'Tidewater Singers', Email: 'hello@tidewater.example' })
  await book(page, {
    customer: 'Hill School, class 9',
    place: 'Bergen',
    hotel: /The Net Loft/,
    flight: /Fjordwing 702/,
  })
  await goTo(page, 'Vacations')
  await openOutbox(page)
  await waiting(page).nth(2).waitFor()
  await take(page, 'outbox')
  await page.keyboard.press('Escape')
  await take(page, 'vacations-dark', 'dark')
}

/** In a tab of its own: a draft stays in the tab in which it was begun. */
async function booking(stage: Stage): Promise<void> {
  const page = await stage.browser.openPage(SIZE)
  await page.goto(`${stage.url}/book?customer=customer-1`)
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('radiogroup', { name: 'Hotel' }).waitFor()
  await take(page, 'booking')
  await page.close()
}

/** A colleague changed the same fields meanwhile. */
async function conflict(stage: Stage, page: Page): Promise<void> {
  await workOffline(page, true)
  await editCustomer(page, 'North Choir', { Phone: '+351 555 7777', Notes: 'Call after six' })
  await askGateway(
    stage,
    'supervisor-1',
    'mutation ($patch: CustomerPatch!) { updateCustomer(id: "customer-3", baseVersion: 1, patch: $patch) { task { status } } }',
    { patch: { phone: '+351 555 8888', notes: 'Vegetarian menus, two wheelchairs' } },
  )
  await workOffline(page, false)
  await chip(page, '1 needs review')
  const region = page.getByRole('region', { name: 'While you were away' })
  await region.getByRole('button', { name: 'Details' }).click()
  await page.getByRole('dialog', { name: 'While you were away' }).waitFor()
  await take(page, 'report')
  await page.keyboard.press('Escape')
  const dialog = await openConflict(page, 'North Choir')
  await dialog.getByRole('radio', { name: /^Phone, yours/ }).check()
  await dialog.getByRole('radio', { name: /^Notes, now on server/ }).check()
  await take(page, 'conflict')
}

await Promise.all([setup(), mkdir(IMAGES, { recursive: true })])
const stage = await raiseStage()
try {
  await fillGateway(stage)
  const page = await signIn(stage, 'Agent 1', SIZE)
  await vacationRows(page).first().waitFor()
  await booking(stage)
  await outbox(page)
  await conflict(stage, page)
} finally {
  await stage.close()
}
