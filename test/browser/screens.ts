/** Every screen and everything that lies over one, with something in it: what has to hold everywhere is checked against this list. */
import type { Locator, Page } from 'playwright-core'
import type { Stage } from '../support/stage.ts'
import { askGateway, banner, chip, editCustomer, newCustomer, syncChip, waiting, workOffline } from './travel-agent.ts'

export interface Screen {
  readonly name: string
  /** Of the page, where the screen has an address. */
  readonly path?: string
  /** Resolves when it stands there. */
  show(page: Page): Promise<void>
}

const heading = (page: Page, name: string | RegExp): Locator => page.getByRole('heading', { level: 2, name }).first()
const dialog = (page: Page, name?: string | RegExp): Locator =>
  name === undefined ? page.getByRole('dialog') : page.getByRole('dialog', { name })

const next = async (page: Page, group: string): Promise<void> => {
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('radiogroup', { name: group }).waitFor()
}

/** In this order: a screen without a path is reached from the one before it. */
export const SCREENS: readonly Screen[] = [
  { name: 'vacations', path: '/vacations', show: page => page.getByRole('list', { name: 'Vacations' }).waitFor() },
  { name: 'a vacation', path: '/vacations/vacation-1', show: page => page.locator('code').first().waitFor() },
  {
    name: 'booking: who and when',
    path: '/book?customer=customer-1',
    show: page => page.getByRole('button', { name: 'Next' }).waitFor(),
  },
  { name: 'booking: hotel', show: page => next(page, 'Hotel') },
  { name: 'booking: flight', show: page => next(page, 'Flight') },
  { name: 'booking: car', show: page => next(page, 'Car') },
  {
    name: 'booking: check and book',
    async show(page) {
      await page.getByRole('button', { name: 'Next' }).click()
      await page.getByRole('button', { name: 'Book', exact: true }).waitFor()
    },
  },
  { name: 'customers', path: '/customers', show: page => page.getByRole('list', { name: 'Customers' }).waitFor() },
  {
    name: 'a customer',
    path: '/customers/customer-1',
    show: page => page.getByRole('button', { name: /^Edit/ }).first().waitFor(),
  },
  {
    name: 'a customer’s form',
    async show(page) {
      await page.getByRole('button', { name: /^Edit/ }).first().click()
      await page.getByRole('button', { name: 'Save' }).waitFor()
    },
  },
  {
    name: 'a new customer',
    path: '/customers/new',
    show: page => page.getByRole('button', { name: 'Save' }).waitFor(),
  },
  { name: 'offers', path: '/offers', show: page => heading(page, 'Offers').waitFor() },
  { name: 'review', path: '/review', show: page => heading(page, /Review/).waitFor() },
  { name: 'this device', path: '/device', show: page => heading(page, 'This device').waitFor() },
  { name: 'nothing there', path: '/nowhere', show: page => heading(page, /nothing/).waitFor() },
  { name: 'outbox', path: '/vacations?show=outbox', show: page => waiting(page).first().waitFor() },
  {
    name: 'a conflict',
    async show(page) {
      await page
        .getByRole('button', { name: /^Settle/ })
        .first()
        .click()
      await dialog(page, /^Needs review/).waitFor()
    },
  },
  { name: 'report', path: '/vacations?show=report', show: page => dialog(page, 'While you were away').waitFor() },
  {
    name: 'faults',
    path: '/vacations',
    async show(page) {
      await syncChip(page, /./).first().waitFor()
      await banner(page).getByRole('button', { name: 'Account' }).click()
      await page.getByRole('menuitem', { name: 'Try the promises' }).click()
      await dialog(page, 'Try the promises').getByText('At the suppliers').waitFor()
    },
  },
  { name: 'sign in again', path: '/vacations?show=sign-in', show: page => dialog(page, /Sign in/).waitFor() },
  { name: 'leave', path: '/vacations?show=leave', show: page => dialog(page).waitFor() },
  {
    name: 'account menu',
    path: '/vacations',
    async show(page) {
      await syncChip(page, /./).first().waitFor()
      await banner(page).getByRole('button', { name: 'Account' }).click()
      await page.getByRole('menu').waitFor()
    },
  },
  {
    name: 'shortcuts',
    path: '/vacations',
    async show(page) {
      await page.getByRole('list', { name: 'Vacations' }).waitFor()
      await page.keyboard.press('?')
      await dialog(page).waitFor()
    },
  },
]

const BOOK = `mutation ($input: BookVacationInput!) { bookVacation(input: $input) { task { status } } }`
const CHANGE = `mutation ($id: ID!, $patch: CustomerPatch!, $version: Int!) {
  updateCustomer(id: $id, baseVersion: $version, patch: $patch) { task { id status } }
}`

interface Offers {
  hotelOffers: { nodes: { id: string; name: string; place: string }[] }
  flightOffers: { nodes: { id: string; name: string; place: string }[] }
}

/** A booked vacation, before anybody looks. */
export async function fillGateway(stage: Stage): Promise<void> {
  const offers = '{ hotelOffers { nodes { id name place } } flightOffers { nodes { id name place } } }'
  const { hotelOffers, flightOffers } = (await askGateway(stage, 'agent-1', offers)) as Offers
  const of = ({ nodes }: Offers['hotelOffers'], name: string): string | undefined =>
    nodes.find(offer => offer.name === name)?.id
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  await askGateway(stage, 'agent-1', BOOK, {
    input: {
      vacationId: 'vacation-1',
      customerId: 'customer-1',
      startsOn: day(40),
      endsOn: day(45),
      travellers: 2,
      hotelOfferId: of(hotelOffers, 'Casa do Farol'),
      flightOfferId: of(flightOffers, 'Cloudferry 31'),
    },
  })
}

/** One change that needs review and one that waits; from then on the page works offline. */
export async function fillOutbox(stage: Stage, page: Page): Promise<void> {
  await workOffline(page, true)
  await editCustomer(page, 'North Choir', { Phone: '+351 555 7777', Notes: 'Call after six' })
  const patch = { phone: '+351 555 8888', notes: 'Vegetarian' }
  await askGateway(stage, 'agent-1', CHANGE, { id: 'customer-3', patch, version: 1 })
  await workOffline(page, false)
  await chip(page, '1 needs review')
  await workOffline(page, true)
  await newCustomer(page, { Name: 'Tidewater Singers' })
}
