import { join } from 'node:path'
import { describe } from 'vitest'
import { systemClock, systemRandom } from '../../protocol/index.ts'
import { dbosEngine } from '../../server/engine/dbos.ts'
import { silentLog } from '../../server/log.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { say } from '../support/small-gateway.ts'
import { temporaryDirectory } from '../support/world.ts'
import { engineContract, takeRunning } from './engine.contract.ts'

describe.skipIf(postgresMissing())('on PostgreSQL', () => {
  engineContract('DBOS beside SQLite', async () => {
    const directory = temporaryDirectory()
    const file = join(directory.path, 'layover.db')
    const store = sqlite(file)
    await store.open()
    const url = await freshDatabase()
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
      say: ({ reference }, action) => say(file, reference, action),
      async remove() {
        await store.close()
        directory.remove()
        await dropDatabase(url)
      },
    }
  })
})
