/** What a person does on the page, in the words of the page. */
import type { Locator, Page } from 'playwright-core'
import type { TestBrowser } from '../support/browser.ts'
import type { Stage } from '../support/stage.ts'

export interface Opening {
  width?: number
  height?: number
  /** Default: the stage's first. */
  device?: TestBrowser
  /** Where the page is opened; default the start. */
  path?: string
}

export type View = 'Vacations' | 'Customers' | 'Offers' | 'Review' | 'This device'

export const views = (page: Page): Locator => page.getByRole('navigation', { name: 'Views' })
export const banner = (page: Page): Locator => page.getByRole('banner')

/** Opens the page on a device that knows its user. */
export async function open(stage: Stage, { device = stage.browser, path = '/', ...size }: Opening = {}): Promise<Page> {
  const page = await device.openPage(size)
  await page.goto(stage.url + path)
  await views(page).waitFor()
  return page
}

/** Opens the page and picks a demo user, unless this device knows one; resolves when the first sync has brought the customers. */
export async function signIn(stage: Stage, label: string, options: Opening = {}): Promise<Page> {
  const { device = stage.browser, path = '/', ...size } = options
  const page = await device.openPage(size)
  await page.goto(stage.url + path)
  const user = page.getByRole('button', { name: label })
  await user.or(views(page)).first().waitFor()
  if (await user.isVisible()) await user.click()
  await hasSynced(page)
  return page
}

/** As `signIn`, where a person brings a token. */
export async function signInWithToken(stage: Stage, token: string, options: Opening = {}): Promise<Page> {
  const { device = stage.browser, path = '/', ...size } = options
  const page = await device.openPage(size)
  await page.goto(stage.url + path)
  await page.getByRole('textbox', { name: 'Token' }).fill(token)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await hasSynced(page)
  return page
}

/** The first sync is over when the header has nothing left to fetch. */
async function hasSynced(page: Page): Promise<void> {
  await views(page).waitFor()
  await page.getByRole('heading', { level: 2, name: 'Vacations', exact: true }).waitFor()
  await chip(page, /./)
}

/** The page and its worker are on the device: from then on it needs no gateway. */
export const installed = (page: Page): Promise<void> =>
  page.evaluate(async () => void (await navigator.serviceWorker.ready))

export const goTo = (page: Page, view: View): Promise<void> =>
  views(page)
    .getByRole('link', { name: new RegExp(`^${view}\\b`) })
    .click()

/** The button of the header that says how the changes fare. */
export const syncChip = (page: Page, text: string | RegExp): Locator =>
  banner(page).getByRole('button', { name: typeof text === 'string' ? new RegExp(`^${text}`) : text })

/** Resolves when the header says so. */
export const chip = (page: Page, text: string | RegExp): Promise<void> => syncChip(page, text).first().waitFor()

export const workOffline = (page: Page, offline: boolean): Promise<void> =>
  page.getByRole('switch', { name: 'Work offline' }).setChecked(offline)

/** Of the outbox; it opens when it is not there. */
export async function openOutbox(page: Page): Promise<Locator> {
  const drawer = page.getByRole('dialog', { name: 'Outbox' })
  if (!(await drawer.isVisible())) {
    const to = new URL(page.url())
    if (to.searchParams.get('show') !== 'outbox') await syncChip(page, CHIP).first().click()
  }
  await drawer.waitFor()
  return drawer
}

export async function closeOutbox(page: Page): Promise<void> {
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: 'Outbox' }).waitFor({ state: 'hidden' })
}

const CHIP = /^(All changes saved|Sending|Offline|\d+ (needs? review|failed|waiting)|Can't reach|Paused|Sign in again)/

/** Entries in the drawer: what waits, and what arrived. */
export const waiting = (page: Page): Locator => page.getByRole('list', { name: 'Waiting changes' }).locator('> li')
export const arrived = (page: Page): Locator => page.getByRole('list', { name: 'Arrived changes' }).locator('> li')

export interface Booking {
  customer: string
  place: string
  hotel?: RegExp
  flight?: RegExp
  car?: RegExp
}

/** Goes through the steps of the booking and presses Book; resolves when the vacation's own screen shows it. */
export async function book(page: Page, booking: Booking): Promise<void> {
  await goTo(page, 'Vacations')
  await page.getByRole('link', { name: 'Book a vacation' }).first().click()
  const form = page.getByRole('form', { name: 'Book a vacation' })
  await pick(page, form, 'Customer', booking.customer)
  await pick(page, form, 'Place', booking.place)
  const next = form.getByRole('button', { name: 'Next' })
  await next.click()
  for (const [group, wanted] of [
    ['Hotel', booking.hotel],
    ['Flight', booking.flight],
    ['Car', booking.car],
  ] as const) {
    const choices = form.getByRole('radiogroup', { name: group })
    await choices.waitFor()
    if (wanted) await choices.getByRole('radio', { name: wanted }).first().check()
    await next.click()
  }
  await form.getByRole('button', { name: 'Book', exact: true }).click()
  await page.waitForURL(/\/vacations\/[^/?]+/)
}

/** Chooses from a list that opens below its field. */
async function pick(page: Page, form: Locator, label: string, option: string): Promise<void> {
  const field = form.getByRole('combobox', { name: label })
  await field.click()
  const list = page.getByRole('listbox')
  await list.getByRole('option', { name: option, exact: true }).click()
}

/** The rows of the lists. */
export const vacationRows = (page: Page): Locator => page.getByRole('list', { name: 'Vacations' }).getByRole('listitem')
export const customerRow = (page: Page, name: string): Locator =>
  page.getByRole('list', { name: 'Customers' }).getByRole('listitem').filter({ hasText: name })

export interface CustomerFields {
  Name?: string
  Email?: string
  Phone?: string
  Address?: string
  Notes?: string
}

async function fill(form: Locator, fields: CustomerFields): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await form.getByRole('textbox', { name: label }).fill(value)
}

/** Opens the form of a new customer and fills it. */
export async function fillCustomer(page: Page, fields: CustomerFields): Promise<Locator> {
  await goTo(page, 'Customers')
  await page.getByRole('main').getByText('New customer', { exact: true }).first().click()
  const form = page.getByRole('form', { name: 'New customer' })
  await fill(form, fields)
  return form
}

/** Resolves when the page says that it is queued. */
export async function newCustomer(page: Page, fields: CustomerFields & { Name: string }): Promise<void> {
  const form = await fillCustomer(page, fields)
  await form.getByRole('button', { name: 'Save' }).click()
  await customerRow(page, fields.Name).waitFor()
}

/** Changes fields of a customer and saves; resolves when the form is gone. */
export async function editCustomer(page: Page, name: string, fields: CustomerFields): Promise<void> {
  await goTo(page, 'Customers')
  await customerRow(page, name).getByRole('link', { name }).first().click()
  await page.getByRole('button', { name: /^Edit/ }).first().click()
  const form = page.getByRole('form', { name: new RegExp(`Edit ${name}`) })
  await fill(form, fields)
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'hidden' })
}

/** From the outbox: the dialog in which the conflict about that record is settled. */
export async function openConflict(page: Page, record: string): Promise<Locator> {
  await openOutbox(page)
  await waiting(page)
    .filter({ hasText: record })
    .getByRole('button', { name: /^Settle/ })
    .click()
  const dialog = page.getByRole('dialog', { name: `Needs review: ${record}` })
  await dialog.waitFor()
  return dialog
}

/** Signs out; `answer` is the button of the dialog, which asks what shall become of what waits; where nothing does, nothing is asked. */
export async function leave(page: Page, answer?: 'Send first' | 'Keep them here' | 'Discard them'): Promise<void> {
  await banner(page).getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  if (answer !== undefined) await page.getByRole('dialog').getByRole('button', { name: answer, exact: true }).click()
}

/** Asks the gateway as another device of that user would. Throws what it answers under `errors`. */
export async function askGateway(stage: Stage, user: string, query: string, variables: object = {}): Promise<unknown> {
  const answer = await fetch(`${stage.gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await stage.tokenOf(user)}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await answer.json()) as { data: unknown; errors?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}
