import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { postgresBus } from '../../server/sync/postgres-bus.ts'
import { dropDatabase, freshDatabase, postgresMissing, sharedServer } from '../support/postgres.ts'
import { busContract } from './bus.contract.ts'

describe.skipIf(postgresMissing())('PostgreSQL', () => {
  busContract('PostgreSQL', async () => {
    const url = await freshDatabase()
    const name = new URL(url).pathname.slice(1)
    let count = 0
    const watch = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: url, application_name: 'watcher' })
      client.on('error', () => undefined)
      client.on('notification', ({ payload = '' }) => {
        if (payload.includes('"news":[{')) count += 1
      })
      await client.connect()
      await client.query('listen layover')
      return client
    }
    const administer = async (...statements: string[]): Promise<void> => {
      const client = new pg.Client(sharedServer())
      await client.connect()
      for (const statement of statements) await client.query(statement)
      await client.end()
    }
    const watcher = await watch()
    return {
      bus: () => postgresBus(url),
      goAway: () =>
        administer(
          `alter database ${name} connection limit 0`,
          `alter database ${name} allow_connections false`,
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and application_name = 'layover-bus'`,
        ),
      comeBack: () =>
        administer(`alter database ${name} allow_connections true`, `alter database ${name} connection limit -1`),
      async shout(text) {
        await watcher.query('select pg_notify($1, $2)', ['layover', text])
      },
      async passed() {
        await watcher.query('select 1')
        const passed = count
        count = 0
        return passed
      },
      async remove() {
        await watcher.end()
        await dropDatabase(url)
      },
    }
  })
})

it('an address or a channel that can be none is refused, with the setting that is wrong', () => {
  expect(() => postgresBus('mysql://host/db')).toThrow('postgresBus: url must begin with postgres://')
  for (const channel of ['', 'x'.repeat(64), 'a\0b']) {
    expect(() => postgresBus('postgres://host/db', { channel })).toThrow('postgresBus: channel must be')
  }
})
