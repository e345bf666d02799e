/** A gateway on Postgres for the bench of several, in a process of its own. Its argument: the address of the database. */
import fastify from 'fastify'
import { createGateway, jwtAuthenticator } from 'layover/server'
import { serveGateway } from 'layover/server/fastify'
import { dbosEngine, postgres } from 'layover/server/postgres'
import { cpuMs, serveCommands } from './child.ts'
import { collections, SDL, SECRET, tasks } from './notes-domain.ts'

/** Since the process began. */
export interface Counts {
  readonly commits: number
  /** Confirmed tasks of each kind. */
  readonly plain: number
  readonly steps: number
  /** CPU time, user and system. */
  readonly cpuMs: number
}

const [url = ''] = process.argv.slice(2)
const store = postgres(url)
let commits = 0
// Called once a commit, however many tasks share it.
store.onCommit(() => {
  commits += 1
})
const settled: Record<string, number> = {}
const gateway = createGateway({
  store,
  engine: dbosEngine({ url }),
  typeDefs: SDL,
  tasks,
  collections,
  authenticate: jwtAuthenticator({ secret: SECRET }),
  taskWaitMs: 60_000,
  observers: [
    {
      taskSettled({ name, status }) {
        if (status === 'CONFIRMED') settled[name] = (settled[name] ?? 0) + 1
      },
    },
  ],
})
await gateway.start()
const app = fastify()
await serveGateway(app, gateway)
const address = await app.listen({ port: 0, host: '127.0.0.1' })

serveCommands({
  address: () => address,
  counts: (): Counts => ({
    commits,
    plain: settled['writeNote'] ?? 0,
    steps: settled['takeTrip'] ?? 0,
    cpuMs: cpuMs(),
  }),
  async close() {
    await app.close()
    await gateway.stop()
  },
})
