import { join } from 'node:path'
import { systemClock, systemRandom } from '../../protocol/index.ts'
import { journalEngine } from '../../server/engine/journal.ts'
import { silentLog } from '../../server/log.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { say } from '../support/small-gateway.ts'
import { temporaryDirectory } from '../support/world.ts'
import { engineContract, takeRunning } from './engine.contract.ts'

engineContract('the journal on SQLite', async () => {
  const directory = temporaryDirectory()
  const file = join(directory.path, 'layover.db')
  const store = sqlite(file)
  await store.open()
  return {
    store,
    take: id => takeRunning(store, id),
    async start(work) {
      const definitions = ['doThing@1']
      const engine = journalEngine({ store, clock: systemClock, random: systemRandom, log: silentLog, definitions })
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
