/** What a person does on the page, in the words of the page. */
import type { Locator, Page } from 'playwright-core'
import type { Stage } from '../support/stage.ts'

/** Opens the page and picks a demo user, unless this device knows one; resolves when the first sync has brought the customers. */
export async function signIn(stage: Stage, label: string, options: { width?: number } = {}): Promise<Page> {
  const page = await stage.browser.openPage(options)
  await page.goto(`${stage.gateway.url}/`)
  const user = page.getByRole('button', { name: label })
  await user.or(page.getByRole('heading', { name: 'Outbox' })).waitFor()
  if (await user.isVisible()) await user.click()
  const customers = page.getByRole('combobox', { name: 'Customer' }).getByRole('option')
  await customers.nth(1).waitFor({ state: 'attached' })
  return page
}

export const goTo = (page: Page, view: 'Vacations' | 'Customers' | 'Offers'): Promise<void> =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click()

export const workOffline = (page: Page, offline: boolean): Promise<void> =>
  page.getByRole('switch', { name: 'Work offline' }).setChecked(offline)

export interface Booking {
  customer: string
  place: string
  hotel: RegExp
  flight: RegExp
  car?: RegExp
}

async function choose(form: Locator, label: string, option: RegExp): Promise<void> {
  const select = form.getByRole('combobox', { name: label, exact: true })
  const text = await select.getByRole('option', { name: option }).first().textContent()
  await select.selectOption({ label: text ?? '' })
}

/** Fills the booking form and presses Book; resolves when the page says that it is saved. */
export async function book(page: Page, booking: Booking): Promise<void> {
  const form = page.getByRole('form', { name: 'Book a vacation' })
  await form.getByRole('combobox', { name: 'Customer' }).selectOption({ label: booking.customer })
  await form.getByRole('combobox', { name: 'Place' }).selectOption({ label: booking.place })
  await choose(form, 'Hotel', booking.hotel)
  await choose(form, 'Flight', booking.flight)
  if (booking.car) await choose(form, 'Car', booking.car)
  await form.getByRole('button', { name: 'Book' }).click()
  await form.getByText('Saved on this device.').waitFor()
}

/** The rows of the vacations list, the waiting changes and those that arrived. */
export const vacationRows = (page: Page): Locator => page.getByRole('list', { name: 'Vacations' }).getByRole('listitem')
export const customerRow = (page: Page, name: string): Locator =>
  page.getByRole('list', { name: 'Customers' }).getByRole('listitem').filter({ hasText: name })
export const waiting = (page: Page): Locator => page.getByRole('list', { name: 'Waiting changes' }).locator('> li')
export const arrived = (page: Page): Locator => page.getByRole('list', { name: 'Arrived changes' }).locator('> li')

/** Resolves when the header says so. */
export const chip = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByRole('banner').getByRole('status').getByText(text).waitFor()

/** Asks the gateway as another device of that user would. Throws what it answers under `errors`. */
export async function askGateway(stage: Stage, user: string, query: string, variables: object = {}): Promise<unknown> {
  const post = async (path: string, body: object, headers: Record<string, string> = {}): Promise<unknown> => {
    const answer = await fetch(stage.gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return answer.json()
  }
  const { token } = (await post('/demo/token', { user })) as { token: string }
  const answer = await post('/graphql', { query, variables }, { authorization: `Bearer ${token}` })
  const { data, errors } = answer as { data: unknown; errors?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}
