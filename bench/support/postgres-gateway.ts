/** A gateway on Postgres for the bench of several, in a process of its own. Its argument: the address of the database. */
import fastify from 'fastify'
import { createGateway, jwtAuthenticator } from 'layover/server'
import { serveGateway } from 'layover/server/fastify'
import { postgres } from '../../server/store/postgres.ts'
import { serveCommands } from './commanded.ts'
import { collections, SDL, SECRET, tasks } from './notes-domain.ts'

const [url = ''] = process.argv.slice(2)
const store = postgres(url)
let commits = 0
store.onCommit(all => {
  commits += all.length
})
const gateway = createGateway({
  store,
  typeDefs: SDL,
  tasks,
  collections,
  authenticate: jwtAuthenticator({ secret: SECRET }),
  taskWaitMs: 60_000,
})
await gateway.start()
const app = fastify()
await serveGateway(app, gateway)
const address = await app.listen({ port: 0, host: '127.0.0.1' })

serveCommands({
  address: () => address,
  commits: () => commits,
  async close() {
    await app.close()
    await gateway.stop()
  },
})
