import pg from 'pg'
import { describe, expect, it } from 'vitest'
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

  const none = { walk: async () => undefined, park: async () => undefined, advance: async () => undefined }
  const setting = { clock: systemClock, random: systemRandom, log: silentLog, definitions: [] }

  it('a second engine in one process is refused until the first one has stopped', async () => {
    const url = await freshDatabase()
    const store = postgres(url)
    await store.open()
    const [first, second, third] = [1, 2, 3].map(() => dbosEngine({ url })({ ...setting, store }))
    await first?.start(none)
    await expect(second?.start(none)).rejects.toMatchObject({ code: 'ENGINE_IN_USE' })
    await first?.stop()
    await third?.start(none)
    await third?.stop()
    await store.close()
    await dropDatabase(url)
  })

  it('a database that does not answer stops the start, and nothing stays behind', async () => {
    const url = await freshDatabase()
    const store = postgres(url)
    const nowhere = dbosEngine({ url: 'postgres://layover@127.0.0.1:1/none' })({ ...setting, store })
    await expect(nowhere.start(none)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    const engine = dbosEngine({ url })({ ...setting, store })
    await engine.start(none)
    await engine.stop()
    await dropDatabase(url)
  })
})

it.each([
  [{ url: 'mysql://localhost/x' }, 'url'],
  [{ url: 'postgres://localhost/x', pollMs: 0 }, 'pollMs'],
  [{ url: 'postgres://localhost/x', keepHours: Number.NaN }, 'keepHours'],
  [{ url: 'postgres://localhost/x', beatMs: 1000, deadAfterMs: 3000 }, 'deadAfterMs'],
])('a setting that can not be used is refused by its name: %o', (options, name) => {
  expect(() => dbosEngine(options)).toThrow(
    expect.objectContaining({ code: 'ENGINE_SETTING', message: expect.stringContaining(name) }),
  )
})
