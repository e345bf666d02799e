/**
 * A gateway with a task that ends the process, and harmless ones beside it: `deadly-gateway.ts <file> [deadly | deadlyTurn]`. Says `dies`
 * before, and `rests <status> <statuses of the harmless>` if it lives.
 */
import { graphql } from 'graphql'
import { pause, systemClock } from '../../protocol/index.ts'
import { confirmed, createGateway, defineTask, done } from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { agent } from './world.ts'

const [file = '', command] = process.argv.slice(2)
let allAreTaken = (): void => undefined
/** Nobody dies before the last one is there. */
const taken = new Promise<void>(resolve => {
  allAreTaken = resolve
})

const deadly = defineTask<{ id: string }, null>('deadly', {
  touches: () => [],
  prepare: async () => ({ kind: 'plan', plan: null }),
  steps: [
    {
      name: 'die',
      run: async (_, { signal }) => {
        await taken
        // The others are under way by then.
        await pause(systemClock, 50, signal)
        process.stdout.write('dies\n')
        process.kill(process.pid, 'SIGKILL')
        return done(null)
      },
    },
  ],
  settle: async () => confirmed({}),
})

/** Without steps, when its turn has come. */
const deadlyTurn = defineTask<{ id: string }>('deadlyTurn', {
  touches: () => [],
  run: async () => {
    process.stdout.write('dies\n')
    process.kill(process.pid, 'SIGKILL')
    return confirmed({})
  },
})

/** Takes a while, so that the death of the process finds it under way. */
const harmless = defineTask<{ id: string }, null>('harmless', {
  touches: () => [],
  prepare: async () => ({ kind: 'plan', plan: null }),
  steps: ['one', 'two'].map(name => ({
    name,
    run: async (_, { signal }) => {
      await taken
      await pause(systemClock, 100, signal)
      return done(null)
    },
  })),
  settle: async () => confirmed({}),
})
const HARMLESS = ['h1', 'h2', 'h3', 'h4', 'h5']

const gateway = createGateway({
  store: sqlite(file),
  typeDefs: `type P implements TaskPayload { task: Task! }
    extend type Mutation { deadly(task: TaskInput, id: ID!): P deadlyTurn(task: TaskInput, id: ID!): P harmless(task: TaskInput, id: ID!): P }`,
  tasks: [deadly, deadlyTurn, harmless],
  collections: [],
  authenticate: async () => agent('me'),
  taskWaitMs: 0,
})

async function statuses(): Promise<string[]> {
  const source = `{ ${['d', ...HARMLESS].map(id => `${id}: task(id: "${id}") { status }`).join(' ')} }`
  const { data } = await graphql({ schema: gateway.schema, source, contextValue: await gateway.context({}) })
  return Object.values(data as Record<string, { status: string }>).map(({ status }) => status)
}

await gateway.start()
if (command !== undefined) {
  const fields = HARMLESS.map(id => `${id}: harmless(task: { id: "${id}" }, id: "${id}") { task { id } }`)
  // In the middle, so that some come before it and some after.
  const after = command === 'deadlyTurn' ? ', after: ["h1"]' : ''
  fields.splice(2, 0, `d: ${command}(task: { id: "d"${after} }, id: "d") { task { id } }`)
  const source = `mutation { ${fields.join(' ')} }`
  await graphql({ schema: gateway.schema, source, contextValue: await gateway.context({}) })
}
allAreTaken()
const look = async (): Promise<void> => {
  const now = await statuses()
  if (now.includes('RUNNING') || now.includes('ACCEPTED')) systemClock.after(20, () => void look())
  else process.stdout.write(`rests ${now.join(' ')}\n`)
}
await look()
