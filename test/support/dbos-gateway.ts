/**
 * One of several gateways on one Postgres: `dbos-gateway.ts <url> <name,name…>`, with one task of two steps for each name. Takes
 * commands line by line (`take <name> <id>`, `release <id>`), and says `serves`, `took <id>` and `calls <step> <id>`. The
 * first step of a task waits until its id is released.
 */
import { createInterface } from 'node:readline'
import { graphql } from 'graphql'
import { dbosEngine } from '../../server/engine/dbos.ts'
import { confirmed, createGateway, defineTask, done } from '../../server/index.ts'
import { postgres } from '../../server/store/postgres.ts'
import { agent } from './world.ts'

const [url = '', served = ''] = process.argv.slice(2)
const released = new Map<string, { opened: Promise<void>; open: () => void }>()

function gateOf(id: string): { opened: Promise<void>; open: () => void } {
  const known = released.get(id)
  if (known !== undefined) return known
  let open = (): void => undefined
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  released.set(id, { opened, open: () => open() })
  return gateOf(id)
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const tasks = served.split(',').map(name =>
  defineTask<{ id: string }, { id: string }>(name, {
    touches: () => [],
    prepare: async ({ id }) => ({ kind: 'plan', plan: { id } }),
    steps: [
      {
        name: 'one',
        timeoutMs: 600_000,
        run: async ({ id }, { signal }) => {
          say(`calls one ${id}`)
          const stopped = new Promise<never>((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true })
          })
          await Promise.race([gateOf(id).opened, stopped])
          return done(null)
        },
      },
      {
        name: 'two',
        run: async ({ id }) => {
          say(`calls two ${id}`)
          return done(null)
        },
      },
    ],
    settle: async () => confirmed({}),
  }),
)

const gateway = createGateway({
  store: postgres(url),
  engine: dbosEngine({ url, pollMs: 100, lookMs: 500, keepHours: 1 / 3600 }),
  typeDefs: `type P implements TaskPayload { task: Task! }
    extend type Mutation { ${tasks.map(({ name }) => `${name}(task: TaskInput, id: ID!): P`).join(' ')} }`,
  tasks,
  collections: [],
  authenticate: async () => agent('me'),
  taskWaitMs: 0,
})

async function obey(line: string): Promise<void> {
  const [command, ...words] = line.split(' ')
  if (command === 'release') return gateOf(words[0] ?? '').open()
  const [name, id] = words
  const source = `mutation { ${name}(task: { id: "${id}" }, id: "${id}") { task { status } } }`
  await graphql({ schema: gateway.schema, source, contextValue: await gateway.context({}) })
  say(`took ${id}`)
}

await gateway.start()
createInterface({ input: process.stdin }).on('line', line => void obey(line))
process.once('SIGTERM', () => void gateway.stop().then(() => process.exit(0)))
say('serves')
