import pg from 'pg'
import { describe } from 'vitest'
import { systemClock, systemRandom } from '../../protocol/index.ts'
import { dbosEngine } from '../../server/engine/dbos.ts'
import { silentLog } from '../../server/log.ts'
import { postgres } from '../../server/store/postgres.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { engineContract, takeRunning } from './engine.contract.ts'

describe.skipIf(postgresMissing())('on PostgreSQL', () => {
  engineContract('DBOS and the store on Postgres', async () => {
    const url = await freshDatabase()
    const store = postgres(url)
    await store.open()
    const make = dbosEngine({ url, pollMs: 100 })
    return {
      store,
      take: id => takeRunning(store, id),
      async start(work) {
        const definitions = ['doThing@1']
        const engine = make({ store, clock: systemClock, random: systemRandom, log: silentLog, definitions })
        await engine.start(work)
        return engine
      },
      async say({ reference }, action) {
        const client = new pg.Client(url)
        await client.connect()
        await client.query('insert into layover.signal values ($1, $2, 0)', [reference, action])
        await client.end()
      },
      async remove() {
        await store.close()
        await dropDatabase(url)
      },
    }
  })
})
