/** A gateway whose one task ends the process: `deadly-gateway.ts <file> [submit]`. Says `dies` before, `rests <status>` if it lives. */
import { graphql } from 'graphql'
import { systemClock } from '../../protocol/index.ts'
import { confirmed, createGateway, defineTask, done } from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { agent } from './world.ts'

const [file = '', command] = process.argv.slice(2)

const deadly = defineTask<{ id: string }, null>('deadly', {
  touches: () => [],
  prepare: async () => ({ kind: 'plan', plan: null }),
  steps: [
    {
      name: 'die',
      run: async () => {
        process.stdout.write('dies\n')
        process.kill(process.pid, 'SIGKILL')
        return done(null)
      },
    },
  ],
  settle: async () => confirmed({}),
})

const gateway = createGateway({
  store: sqlite(file),
  typeDefs:
    'type P implements TaskPayload { task: Task! } extend type Mutation { deadly(task: TaskInput, id: ID!): P }',
  tasks: [deadly],
  collections: [],
  authenticate: async () => agent('me'),
  taskWaitMs: 0,
})

async function status(): Promise<string | undefined> {
  const source = '{ task(id: "d") { status } }'
  const { data } = await graphql({ schema: gateway.schema, source, contextValue: await gateway.context({}) })
  return (data?.['task'] as { status: string } | null)?.status
}

await gateway.start()
if (command === 'submit') {
  const source = 'mutation { deadly(task: { id: "d" }, id: "n") { task { id } } }'
  await graphql({ schema: gateway.schema, source, contextValue: await gateway.context({}) })
}
const look = async (): Promise<void> => {
  const now = await status()
  if (now === 'RUNNING') systemClock.after(20, () => void look())
  else process.stdout.write(`rests ${now}\n`)
}
await look()
