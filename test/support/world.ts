/** A whole gateway in this process, on a real socket and a real SQLite file, with the outside in our hands. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock, systemRandom } from '../../protocol/index.ts'
import { signToken, type Viewer } from '../../server/index.ts'
import { postgres } from '../../server/store/postgres.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import type { Store } from '../../server/store/store.ts'
import { readConfig } from '../../server/vacation/config.ts'
import { type Mailbox, startMailbox } from '../../server/vacation/mailbox.ts'
import { type Served, serve } from '../../server/vacation/serve.ts'
import { type Sandbox, startSandbox } from '../../server/vacation/suppliers/sandbox.ts'
import { dropDatabase, freshDatabase } from './postgres.ts'

export const SECRET = 'a secret of the tests, long enough'

export const agent = (user: string, tenant = 'north'): Viewer => ({ user, tenant, roles: ['agent'] })
export const supervisor = (user: string, tenant = 'north'): Viewer => ({ user, tenant, roles: ['agent', 'supervisor'] })

export const tokenFor = (viewer: Viewer, lifetimeSeconds = 3600): Promise<string> =>
  signToken(viewer, SECRET, lifetimeSeconds, systemClock.now())

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers of any document
  readonly data: any
  readonly errors: readonly {
    message: string
    path?: readonly (string | number)[]
    extensions?: Record<string, unknown>
  }[]
  readonly text: string
}

/** Suppliers and mail, which outlive the gateways of a test. */
export interface Outside {
  readonly sandbox: Sandbox
  readonly mailbox: Mailbox
  /** What a gateway needs to know of them. */
  readonly environment: Readonly<Record<string, string>>
  close(): Promise<void>
}

export async function startOutside(): Promise<Outside> {
  const [sandbox, mailbox] = await Promise.all([startSandbox({ clock: systemClock }), startMailbox()])
  return {
    sandbox,
    mailbox,
    environment: {
      AUTH_SECRET: SECRET,
      HOTEL_SUPPLIER_URL: sandbox.hotel,
      FLIGHT_SUPPLIER_URL: sandbox.flight,
      CAR_SUPPLIER_URL: sandbox.car,
      SMTP_URL: mailbox.url,
      // No test is throttled but those that are about it.
      RATE_LIMIT: '1000000/1000000',
      TASK_RATE_LIMIT: '1000000/1000000',
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'fatal',
    },
    async close() {
      await Promise.all([sandbox.close(), mailbox.close()])
    },
  }
}

export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'layover-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export interface World extends Outside {
  readonly url: string
  readonly served: Served
  readonly directory: string
  /** One document as a viewer (null: without a token). */
  ask(viewer: Viewer | string | null, query: string, variables?: object): Promise<Answer>
  /** Stops the gateway and starts it again on the same file. */
  restart(environment?: Readonly<Record<string, string>>): Promise<void>
}

/** A store of its own: SQLite, or Postgres where `TEST_STORE=postgres` says so. `make` opens the same data again. */
async function storeIn(directory: string): Promise<{ make(): Store; remove(): Promise<void> }> {
  if (process.env['TEST_STORE'] !== 'postgres') {
    return { make: () => sqlite(join(directory, 'layover.db')), remove: async () => undefined }
  }
  const url = await freshDatabase()
  return { make: () => postgres(url), remove: () => dropDatabase(url) }
}

/** `environment` overrides settings, `clock` is the gateway's. */
export async function startWorld(
  options: { environment?: Readonly<Record<string, string>>; clock?: Clock } = {},
): Promise<World> {
  const outside = await startOutside()
  const directory = temporaryDirectory()
  const stored = await storeIn(directory.path)
  const start = (more: Readonly<Record<string, string>> = {}): Promise<Served> => {
    const config = readConfig({
      ...outside.environment,
      ...options.environment,
      ...more,
      PORT: '0',
      DATA_DIR: directory.path,
    })
    return serve(config, { store: stored.make() }, options.clock)
  }
  let served = await start()
  return {
    ...outside,
    get url() {
      return served.url
    },
    get served() {
      return served
    },
    directory: directory.path,
    ask: async (viewer, query, variables) => ask(served.url, viewer, query, variables),
    async restart(more) {
      await served.stop()
      served = await start(more)
    },
    async close() {
      await served.stop()
      await outside.close()
      await stored.remove()
      directory.remove()
    },
  }
}

export async function ask(
  url: string,
  viewer: Viewer | string | null,
  query: string,
  variables: object = {},
): Promise<Answer> {
  const token = viewer === null ? null : typeof viewer === 'string' ? viewer : await tokenFor(viewer)
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  })
  const text = await response.text()
  const { data = null, errors = [] } = JSON.parse(text) as { data?: unknown; errors?: Answer['errors'] }
  return { status: response.status, data, errors, text }
}

export const uuid = (): string => systemRandom.uuid()

export const TASK = `task {
  id version name status progress
  steps { name status attempts optional error startedAt endedAt }
  conflict { type id fields base mine theirs theirsVersion theirsBy theirsAt }
  rejection { code message field suggestions { label patch } failedTask }
  reconciliation { field from to rule message }
}`

export const BOOK = `mutation ($task: TaskInput, $input: BookVacationInput!) {
  bookVacation(task: $task, input: $input) { ${TASK} vacation { id version status total { amount } hotel { offerId confirmation } flight { offerId } car { offerId } } }
}`
export const CREATE_CUSTOMER = `mutation ($task: TaskInput, $input: CreateCustomerInput!) {
  createCustomer(task: $task, input: $input) { ${TASK} customer { id version ownerId name email phone notes } }
}`
export const UPDATE_CUSTOMER = `mutation ($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: CustomerPatch!) {
  updateCustomer(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { ${TASK} customer { id version name phone notes email } }
}`
export const DELETE_CUSTOMER = `mutation ($task: TaskInput, $id: ID!, $baseVersion: Int!) {
  deleteCustomer(task: $task, id: $id, baseVersion: $baseVersion) { ${TASK} customer { id } }
}`
export const CANCEL = `mutation ($task: TaskInput, $id: ID!, $baseVersion: Int!) {
  cancelVacation(task: $task, id: $id, baseVersion: $baseVersion) { ${TASK} vacation { id version status } }
}`
export const RESOLVE = `mutation ($task: TaskInput, $conflictOf: ID!, $decision: Decision!, $values: JSON, $theirsVersion: Int) {
  resolveConflict(task: $task, conflictOf: $conflictOf, decision: $decision, values: $values, theirsVersion: $theirsVersion) { ${TASK} resolved { id status conflict { theirs theirsVersion } } }
}`
export const CHANGES = `query ($since: Cursor, $scopes: [ScopeInput!], $first: Int! = 1000) {
  changes(since: $since, scopes: $scopes, first: $first) {
    cursor hasMore reset removed { type id reason }
    changed { __typename id version ... on Customer { name phone notes ownerId } ... on Vacation { booking: status } ... on Task { name status } }
  }
}`

/** A booking that goes through, unless `input` says otherwise. */
export const booking = (customerId: string, input: object = {}): Record<string, unknown> => ({
  vacationId: uuid(),
  customerId,
  startsOn: '2027-05-03',
  endsOn: '2027-05-08',
  travellers: 2,
  hotelOfferId: 'hotel-lisbon-1',
  flightOfferId: 'flight-lisbon-1',
  carOfferId: 'car-lisbon-1',
  ...input,
})

/** A customer of the viewer's; returns its id. */
export async function newCustomer(world: Pick<World, 'ask'>, viewer: Viewer, input: object = {}): Promise<string> {
  const id = uuid()
  const answer = await world.ask(viewer, CREATE_CUSTOMER, {
    task: { id: uuid() },
    input: {
      id,
      name: 'Harbour Rowing Club',
      email: 'office@harbour-rowing.example',
      phone: '1',
      notes: 'first',
      ...input,
    },
  })
  if (answer.data?.createCustomer?.task?.status !== 'CONFIRMED') throw new Error(answer.text)
  return id
}
