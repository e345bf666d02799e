/**
 * What does a task cost on the disk of Postgres, and what is left of it later? Bytes with indexes, after as many tasks of a kind:
 * of the travel example, whose customers are about as large as anybody's. `npm run bench:storage`; `BENCH_TASKS` (2000).
 */
import pg from 'pg'
import { bundleGateway } from '../server/vacation/build.ts'
import { startGatewayProcess, temporaryDataDir } from '../test/support/gateway-process.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { agent, ask, CREATE_CUSTOMER, startOutside, UPDATE_CUSTOMER, uuid } from '../test/support/world.ts'
import { print } from './support/figures.ts'

const TASKS = Number(process.env['BENCH_TASKS'] ?? 2000)
const TOGETHER = 20

await bundleGateway()
const server = await startPostgres()
const url = await server.createDatabase()
const [data, outside] = await Promise.all([temporaryDataDir(), startOutside()])
const gateway = await startGatewayProcess({
  dataDir: data.path,
  env: { ...outside.environment, DATABASE_URL: url, DRAIN_SECONDS: '0' },
})
// Ids of a real application are UUIDs, those of the tests shorter.
const me = agent(uuid(), uuid())
const database = new pg.Client(url)
await database.connect()

interface Sizes {
  readonly record: number
  readonly version: number
  readonly task: number
}
async function sizes(): Promise<Sizes> {
  await database.query('vacuum full')
  const { rows } = await database.query<Sizes>(
    `select ${['record', 'version', 'task'].map(name => `pg_total_relation_size('layover.${name}')::float as ${name}`).join(', ')}`,
  )
  return rows[0] as Sizes
}
const perTask = (before: Sizes, after: Sizes): string =>
  (['task', 'record', 'version'] as const)
    .map(name => `${name} ${Math.round((after[name] - before[name]) / TASKS)}`)
    .join(', ')
    .concat(' bytes')

async function inTurns(work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < TASKS; from += TOGETHER) {
    await Promise.all(Array.from({ length: Math.min(TOGETHER, TASKS - from) }, (_, index) => work(from + index)))
  }
}

try {
  const ids = Array.from({ length: TASKS }, uuid)
  const empty = await sizes()
  await inTurns(index =>
    ask(gateway.url, me, CREATE_CUSTOMER, {
      task: { id: uuid() },
      input: {
        id: ids[index],
        name: 'Harbour Rowing Club',
        email: 'office@harbour-rowing.example',
        phone: '+351 555 0101',
        address: '4 Quay Street',
        notes: 'Window seats, please.',
      },
    }),
  )
  const created = await sizes()
  await inTurns(index =>
    ask(gateway.url, me, UPDATE_CUSTOMER, {
      task: { id: uuid() },
      id: ids[index],
      baseVersion: 1,
      patch: { notes: `Aisle seats ${index}, please.` },
    }),
  )
  const updated = await sizes()
  await database.query(
    `update layover.task set expired = true, args = '{}', payload = '{}', touches = '[]', after = '[]', contested = null`,
  )
  const expired = await sizes()
  const { rows } = await database.query<{ count: number }>('select count(*)::int as count from layover.task')
  print(`${TASKS} tasks of each kind, a task:`, [
    ['a record is created', perTask(empty, created)],
    ['a record is changed', perTask(created, updated)],
    ['its outcome expired', `task ${Math.round(expired.task / (rows[0]?.count ?? 1))} bytes`],
  ])
} finally {
  await database.end()
  await gateway.kill()
  await Promise.all([outside.close(), server.stop(), data.remove()])
}
