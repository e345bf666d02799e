/**
 * The main job, played in the terminal: `npm run demo`. Two installations of a travel agent's app against the real gateway,
 * one of them behind a TCP proxy that is cut. Exit code 0 only if every promise held.
 */
import { memoryStorage, type OfflineClient, type OutboxEntry } from 'layover/client'
import { systemRandom } from 'layover/protocol'
import {
  BookVacationDocument,
  type BookVacationInput,
  CustomersDocument,
  UpdateCustomerDocument,
  VacationsDocument,
} from './__generated__/graphql.ts'
import { type Device, startDevice } from './device.ts'
import { startGateway } from './gateway.ts'
import { tell } from './story.ts'
import { digTunnel } from './tunnel.ts'

const CUSTOMER = 'customer-1'

const story = tell()
const gateway = await startGateway()
const tunnel = await digTunnel(gateway.url)
const storage = memoryStorage()
const openTablet = async (): Promise<Device> =>
  startDevice({ url: tunnel.url, token: await gateway.signIn('agent-1'), user: 'demo/agent-1', storage })

const stays = (hotel: string, car: string | null): BookVacationInput => ({
  vacationId: systemRandom.uuid(),
  customerId: CUSTOMER,
  startsOn: '2027-05-03',
  endsOn: '2027-05-08',
  travellers: 2,
  hotelOfferId: hotel,
  flightOfferId: 'flight-lisbon-1',
  carOfferId: car,
})

const customerOn = async (
  client: OfflineClient,
): Promise<{ version: number; notes: string | null; phone: string | null }> => {
  const { data } = await client.query({ query: CustomersDocument, fetchPolicy: 'cache-only' })
  const found = data?.customers.nodes.find(({ id }) => id === CUSTOMER)
  if (found === undefined) throw new Error(`${CUSTOMER} is not on the device`)
  return { version: found.version, notes: found.notes ?? null, phone: found.phone ?? null }
}
const vacationsOn = async (client: OfflineClient): Promise<readonly { id: string; status: string; car?: unknown }[]> =>
  (await client.query({ query: VacationsDocument, fetchPolicy: 'cache-only' })).data?.vacations.nodes ?? []

const recordsOn = (client: OfflineClient): number =>
  Object.keys(client.cache.extract() as object).filter(key =>
    /^(Customer|Vacation|HotelOffer|FlightOffer|CarOffer):/.test(key),
  ).length

async function edit(client: OfflineClient, patch: { notes?: string; phone?: string }): Promise<void> {
  const { version } = await customerOn(client)
  await client.mutate({ mutation: UpdateCustomerDocument, variables: { id: CUSTOMER, baseVersion: version, patch } })
}

/** What `mutate` says of a task beside its tentative data. */
const receiptOf = (extensions: Record<string, unknown> = {}): { id: string; status: string } =>
  extensions['layover'] as { id: string; status: string }

const untilQuiet = (client: OfflineClient): Promise<void> =>
  new Promise(resolve => {
    const isQuiet = (): boolean =>
      client.outbox.entries.every(({ status }) => ['conflict', 'rejected', 'parked'].includes(status))
    if (isQuiet()) return resolve()
    const stop = client.outbox.subscribe(() => {
      if (!isQuiet()) return
      stop()
      resolve()
    })
  })

const heldAtSuppliers = async (): Promise<readonly { key: string }[]> =>
  ((await (await fetch(`${gateway.sandboxUrl}/control/reservations`)).json()) as { reservations: { key: string }[] })
    .reservations

async function stepsOf(
  url: string,
  token: string,
  ids: readonly string[],
): Promise<Map<string, { status: string; steps: { name: string; status: string; error: string | null }[] }>> {
  const query = 'query ($ids: [ID!]) { tasks(ids: $ids) { nodes { id status steps { name status error } } } }'
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { ids } }),
  })
  const { data } = (await response.json()) as {
    data: {
      tasks: {
        nodes: { id: string; status: string; steps: { name: string; status: string; error: string | null }[] }[]
      }
    }
  }
  return new Map(data.tasks.nodes.map(({ id, ...task }) => [id, task]))
}

const place = (entries: readonly OutboxEntry[]): string =>
  entries.map(({ name, status }) => `${name} ${status}`).join(', ') || 'empty'

async function play(): Promise<void> {
  story.chapter('Two installations, both up to date')
  let tablet = await openTablet()
  const office = await startDevice({
    url: gateway.url,
    token: await gateway.signIn('supervisor-1'),
    user: 'demo/supervisor-1',
    storage: memoryStorage(),
  })
  for (const [name, { client }] of Object.entries({ 'tablet (agent-1)': tablet, 'office (supervisor-1)': office })) {
    await client.sync.pull()
    story.say(`the ${name} has ${recordsOn(client)} records on the device`)
  }

  story.chapter('The tablet enters a tunnel')
  tunnel.cut()
  const wanted = {
    plain: stays('hotel-lisbon-1', 'car-lisbon-1'),
    soldOut: stays('hotel-lisbon-4', 'car-lisbon-1'),
    noCar: stays('hotel-lisbon-3', null),
  }
  const ids: string[] = []
  for (const [label, input] of Object.entries(wanted)) {
    const { extensions } = await tablet.client.mutate({ mutation: BookVacationDocument, variables: { input } })
    const { id, status } = receiptOf(extensions)
    ids.push(id)
    story.say(`booked offline (${label}): task ${id.slice(0, 8)}… is ${status}, on this device only`)
  }
  await edit(tablet.client, { notes: 'Window seats, please.' })
  story.say('edited the notes of customer-1')
  const tentative = await vacationsOn(tablet.client)
  story.check(
    'the three vacations are in the list at once, none of them called booked',
    tentative.length === 3 && tentative.every(({ status }) => status === 'REQUESTED'),
  )

  story.chapter('The app is closed and opened again, still in the tunnel')
  await tablet.client.close()
  const before = tablet.sent
  tablet = await openTablet()
  story.say(`outbox: ${place(tablet.client.outbox.entries)}`)
  story.check(
    'queue and tentative list are back, in order',
    tablet.client.outbox.entries
      .map(({ id }) => id)
      .slice(0, 3)
      .join() === ids.join() && (await vacationsOn(tablet.client)).length === 3,
  )

  story.chapter('Meanwhile, in the office')
  await edit(office.client, { notes: 'Aisle seats.' })
  story.say('the office edited the same notes, online')

  story.chapter('The tunnel ends; the first answer that the gateway gives is lost on the way')
  tunnel.loseAnswers(answer => answer === 0)
  tunnel.open()
  await tablet.client.sync.push().catch(() => undefined)
  await untilQuiet(tablet.client)
  const documents = [...before, ...tablet.sent].filter(({ kind }) => kind === 'tasks')
  for (const { tasks, bytes, status } of documents)
    story.say(
      `sent ${tasks} ${tasks === 1 ? 'task' : 'tasks'} in one document of ${bytes} bytes: ${status === undefined ? 'no answer' : `HTTP ${status}`}`,
    )
  const answered = documents.filter(({ status }) => status === 200)
  story.check(
    `${documents.length} requests in all, before, in and after the tunnel; ${answered.length} answered with everything, ${tunnel.lost} answer lost on the way`,
    answered.length <= 2 && documents.length <= 5 && tunnel.lost === 1,
  )

  const tasks = await stepsOf(gateway.url, await gateway.signIn('agent-1'), ids)
  const report = ids.map(id => tasks.get(id))
  for (const [index, label] of Object.keys(wanted).entries()) {
    const steps = report[index]?.steps
      .map(({ name, status, error }) => `${name} ${status}${error ? ` (${error})` : ''}`)
      .join(' · ')
    story.say(`${label}: ${report[index]?.status} — ${steps}`)
  }
  story.check(
    'plain and without a car are confirmed, sold out is rejected',
    report.map(task => task?.status).join() === 'CONFIRMED,REJECTED,CONFIRMED',
  )
  const [soldOut] = tablet.client.outbox.entries.filter(({ status }) => status === 'rejected')
  const outcome = soldOut?.outcome?.status === 'rejected' ? soldOut.outcome : undefined
  story.say(
    `the rejection says ${outcome?.code}: ${outcome?.message} Suggested: ${outcome?.suggestions.map(({ label }) => label).join('; ')}`,
  )
  story.check(
    'the rejection stays in the outbox with its reason and suggestions',
    outcome?.code === 'SOLD_OUT' && (outcome?.suggestions.length ?? 0) > 0,
  )
  const expected = ['hotel', 'flight', 'car']
    .map(step => `${ids[0]}:${step}`)
    .concat(['hotel', 'flight'].map(step => `${ids[2]}:${step}`))
  const held = (await heldAtSuppliers()).map(({ key }) => key)
  story.check(
    `each was applied exactly once: ${held.length} reservations are held, all by confirmed vacations`,
    held.sort().join() === expected.sort().join(),
  )

  story.chapter('The conflict')
  const [conflict] = tablet.client.conflicts.list
  story.say(
    `field ${conflict?.fields.join()}: was ${JSON.stringify(conflict?.base)}, mine ${JSON.stringify(conflict?.mine)}, theirs ${JSON.stringify(conflict?.theirs)} by ${conflict?.theirsBy}`,
  )
  story.check(
    'both edits of the same notes meet in a conflict with base, mine and theirs',
    conflict?.fields.join() === 'notes' && conflict.theirs?.notes === 'Aisle seats.',
  )
  if (conflict !== undefined) await tablet.client.conflicts.resolve(conflict.id, 'KEEP_MINE')
  await tablet.client.sync.push()
  story.say('the agent kept her own')

  story.chapter('And then')
  if (soldOut !== undefined)
    await tablet.client.outbox.edit(soldOut.id, {
      ...soldOut.variables,
      input: { ...wanted.soldOut, ...(outcome?.suggestions[0]?.patch as object) },
    })
  await tablet.client.sync.push()
  await untilQuiet(tablet.client)
  story.say(`applied the first suggestion to the rejected booking; outbox: ${place(tablet.client.outbox.entries)}`)
  await tablet.client.sync.pull()
  await office.client.sync.pull()
  const [onTablet, inOffice] = [await vacationsOn(tablet.client), await vacationsOn(office.client)]
  story.check('the outbox is empty', tablet.client.outbox.entries.length === 0)
  story.check(
    'both installations show the same three booked vacations and the same customer',
    onTablet.length === 3 &&
      onTablet.every(({ status }) => status === 'BOOKED') &&
      JSON.stringify(sorted(onTablet)) === JSON.stringify(sorted(inOffice)) &&
      JSON.stringify(await customerOn(tablet.client)) === JSON.stringify(await customerOn(office.client)),
  )
  story.check(
    'the notes are the ones that were kept',
    (await customerOn(office.client)).notes === 'Window seats, please.',
  )
  await Promise.all([tablet.client.close(), office.client.close()])
}

const sorted = (list: readonly { id: string; status: string }[]): string[] =>
  list.map(({ id, status }) => `${id} ${status}`).sort()

try {
  await play()
} finally {
  await tunnel.close()
  await gateway.stop()
}
if (story.broken.length > 0) {
  process.stdout.write(`\n${story.broken.length} promises did not hold.\n`)
  process.exit(1)
}
process.stdout.write('\nEvery promise held.\n')
