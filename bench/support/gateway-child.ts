/** The gateway of a bench: a process of its own, so that its CPU is its own. Driven over IPC by `gateway.ts` beside it. */
import Database from 'better-sqlite3'
import fastify from 'fastify'
import { systemClock } from 'layover/protocol'
import { createGateway, type EntityRecord, jwtAuthenticator, signToken, type Viewer } from 'layover/server'
import { serveGateway } from 'layover/server/fastify'
import { sqlite } from 'layover/server/sqlite'
import { feedQuery } from '../../server/store/sqlite-feed.ts'
import { clientOperations } from '../../server/vacation/__generated__/client-operations.ts'
import { vacationSdl } from '../../server/vacation/__generated__/vacation-sdl.ts'
import { collections } from '../../server/vacation/collections.ts'
import { resolvers } from '../../server/vacation/resolvers.ts'
import { openBareSockets, tellBareSockets } from './bare-sockets.ts'
import { cpuMs, serveCommands } from './child.ts'

const PARTITION = 'tenant:north'
const SECRET = 'a secret of the benches, long enough'
const UNIT = 10_000

const path = process.argv[2] ?? ''
const store = sqlite(path)
const gateway = createGateway({
  store,
  typeDefs: vacationSdl,
  resolvers,
  tasks: [],
  collections,
  changesDocument: clientOperations,
  authenticate: jwtAuthenticator({ secret: SECRET }),
})

/** About 300 bytes each: customers, vacations and tasks, of as many agents as are asked for. */
function recordOf(
  index: number,
  agents: number,
  version: number,
): { type: string; owner: string; entity: EntityRecord } {
  const type = ['Customer', 'Customer', 'Vacation', 'Task'][index % 4] as string
  const owner = `agent-${index % agents}`
  const id = `0198a5c0-0000-7000-8000-${index.toString(16).padStart(12, '0')}`
  const common = { __typename: type, id, version, updatedAt: '2027-01-01T00:00:00.000Z', updatedBy: owner }
  if (type === 'Customer') {
    const name = `Harbour Rowing Club "${index}"`
    const address = `${index} Quay Street, Bergen`
    return {
      type,
      owner,
      entity: { ...common, ownerId: owner, name, email: 'office@harbour.example', phone: '1', address, notes: null },
    }
  }
  if (type === 'Vacation') {
    const price = { amount: 12_300, currency: 'EUR' }
    const hotel = { offerId: 'hotel-lisbon-1', confirmation: `H${index}`, price }
    const dates = { startsOn: '2027-05-03', endsOn: '2027-05-08', travellers: 2 }
    const fields = { ownerId: owner, customerId: id, status: 'BOOKED', ...dates, notes: null, hotel, total: price }
    return { type, owner, entity: { ...common, ...fields } }
  }
  const task = { name: 'createCustomer', status: 'CONFIRMED', progress: 1, steps: [], reconciliation: [] }
  return { type, owner, entity: { ...common, ...task, conflict: null, rejection: null } }
}

async function load(from: number, count: number, agents: number, version: number): Promise<void> {
  for (let start = from; start < from + count; start += UNIT) {
    await store.write(PARTITION, async unit => {
      for (let index = start; index < Math.min(start + UNIT, from + count); index += 1) {
        const { type, owner, entity } = recordOf(index, agents, version)
        const key = type === 'Task' ? `${owner}/${entity.id}` : entity.id
        unit.put(
          { partition: PARTITION, type, key, owner, deleted: false, entity },
          { keepVersion: false, writtenBy: null },
        )
      }
    })
  }
}

/** CPU of reading the rows of a pull with the gateway's own statement and nothing else, in milliseconds. */
function readRaw(first: number, after: number, owner: string | null): { cpuMs: number; rows: number } {
  const database = new Database(path, { readonly: true })
  // As the gateway's own reader.
  database.pragma(`mmap_size = ${1024 ** 3}`)
  const shapes = new Map(
    database
      .prepare<[], { type: string; shape: string }>(
        `select type, shape from record where type in ('Customer', 'Vacation', 'Task') group by type`,
      )
      .all()
      .map(({ type, shape }) => [type, shape]),
  )
  const selections = [...shapes].map(([type, shape]) => ({ type, shape, owner }))
  const read = (from: number): [change: number, ...unknown[]][] => {
    const window = { after: from, removalsAfter: 0, limit: first + 1 }
    const { sql, values } = feedQuery(PARTITION, selections, window, null)
    let statement = prepared.get(sql)
    if (statement === undefined) {
      statement = database.prepare(sql).raw(true)
      prepared.set(sql, statement)
    }
    return statement.all(...values) as [number, ...unknown[]][]
  }
  const prepared = new Map<string, Database.Statement>()
  const pull = (): number => {
    let from = after
    let rows = 0
    for (;;) {
      const found = read(from)
      const taken = found.slice(0, first)
      rows += taken.length
      from = taken.at(-1)?.[0] ?? from
      if (found.length <= first) return rows
    }
  }
  pull()
  const start = process.cpuUsage()
  const rows = pull()
  const { user, system } = process.cpuUsage(start)
  database.close()
  return { cpuMs: (user + system) / 1000, rows }
}

/** Bytes, after the garbage is collected. */
function memory(): { resident: number; heap: number } {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { resident: rss, heap: heapUsed }
}

await gateway.start()
const app = fastify()
await serveGateway(app, gateway)
const address = await app.listen({ port: 0, host: '127.0.0.1' })

serveCommands({
  address: () => address,
  load,
  readRaw,
  cpuMs,
  openBare: openBareSockets,
  tellBare: tellBareSockets,
  memory,
  /** A new offer: of interest to everybody who is subscribed. */
  offer: (name: string) =>
    gateway.importRecords('HotelOffer', [
      { id: 'hotel-lisbon-1', name, place: 'Lisbon', price: { amount: 1, currency: 'EUR' }, stars: 3 },
    ]),
  token: (viewer: Viewer) => signToken(viewer, SECRET, 36_000, systemClock.now()),
})
