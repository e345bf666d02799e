import { join } from 'node:path'
import { systemClock, systemRandom } from '../../protocol/index.ts'
import { journalEngine } from '../../server/engine/journal.ts'
import { silentLog } from '../../server/log.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { say } from '../support/small-gateway.ts'
import { temporaryDirectory } from '../support/world.ts'
import { engineContract } from './engine.contract.ts'

engineContract('the journal on SQLite', async () => {
  const directory = temporaryDirectory()
  const file = join(directory.path, 'layover.db')
  const store = sqlite(file)
  await store.open()
  return {
    take: id =>
      store.write('tenant:north', unit =>
        unit.takeTask({
          partition: 'tenant:north',
          user: 'ann',
          id,
          name: 'doThing',
          definitionVersion: 1,
          inputHash: 'h',
          args: {},
          viewer: { user: 'ann', tenant: 'north', roles: [] },
          client: null,
          sequence: null,
          after: [],
          token: null,
          touches: [],
          status: 'RUNNING',
          state: 'running',
          payload: {},
          contested: null,
          takenAt: systemClock.now(),
        }),
      ),
    start: async work => {
      const engine = journalEngine({ store, clock: systemClock, random: systemRandom, log: silentLog, definitions: [] })
      await engine.start(work)
      return engine
    },
    say: ({ reference }, action) => say(file, reference, action),
    async remove() {
      await store.close()
      directory.remove()
    },
  }
})
