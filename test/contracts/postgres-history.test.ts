/** When a store on Postgres begins another history: a dump that was loaded elsewhere, a standby that was promoted. */
import { chownSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { confirmed, defineTask } from '../../server/index.ts'
import { postgres } from '../../server/store/postgres.ts'
import type { Store } from '../../server/store/store.ts'
import { dropDatabase, freshDatabase, postgresMissing, startPostgres } from '../support/postgres.ts'
import { me, startSmallGateway } from '../support/small-gateway.ts'
import { P, record } from '../support/stored.ts'

async function administer(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<Record<string, unknown>>(statement)
  await client.end()
  return rows
}

/** As after `pg_dump` of one server was loaded into another. */
const moveToAnotherCluster = (url: string): Promise<unknown> =>
  administer(url, `update layover.meta set value = '1/00000001' where name = 'cluster'`)

const endSessions = (url: string): Promise<unknown> =>
  administer(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'layover'`,
  )

const note = defineTask<{ id: string }>('note', {
  touches: ({ id }) => [{ type: 'Note', id }],
  async run({ id }, transaction) {
    await transaction.create('Note', id, { text: 'of the history before' })
    return confirmed({})
  },
})

async function opened(url: string): Promise<Store> {
  const store = postgres(url)
  await store.open()
  return store
}

const put = (store: Store, key: string): Promise<void> =>
  store.write(P, async unit => unit.put(record(key), { keepVersion: true, writtenBy: null }))

describe.skipIf(postgresMissing())('another history of a database', () => {
  it('begins when it is on another server: at the next opening, and for running gateways at their next connection', async () => {
    const url = await freshDatabase()
    const first = await opened(url)
    const second = await opened(url)
    const { epoch, secret } = first
    await put(first, 'a')
    await endSessions(url)
    await expect.poll(() => first.view.head(P).catch(() => 'away')).toBe(1)
    expect(first.epoch).toBe(epoch)

    await put(first, 'b')
    await moveToAnotherCluster(url)
    await endSessions(url)
    await expect.poll(() => first.view.head(P).catch(() => 'away')).toBe(2)
    await expect.poll(() => second.view.head(P).catch(() => 'away')).toBe(2)
    expect(first.epoch).not.toBe(epoch)
    expect(second.epoch).toBe(first.epoch)
    expect(first.secret).toBe(secret)

    await moveToAnotherCluster(url)
    const third = await opened(url)
    expect([epoch, first.epoch]).not.toContain(third.epoch)
    await Promise.all([first, second, third].map(store => store.close()))
    await dropDatabase(url)
  })

  it('begins when the server goes on upon another timeline', async () => {
    const server = await startPostgres({ settings: { restore_command: 'false' } })
    const url = await server.createDatabase()
    const store = await opened(url)
    const { epoch } = store
    await put(store, 'a')
    await server.restart()
    await expect.poll(() => store.view.head(P).catch(() => 'away')).toBe(1)
    expect(store.epoch).toBe(epoch)

    const [row] = await administer(server.url, 'show data_directory')
    const signal = join(String(row?.['data_directory']), 'recovery.signal')
    writeFileSync(signal, '')
    const { uid, gid } = statSync(String(row?.['data_directory']))
    chownSync(signal, uid, gid)
    await server.restart()
    await expect.poll(() => store.view.head(P).catch(() => 'away')).toBe(1)
    expect(store.epoch).not.toBe(epoch)
    await store.close()
    await server.stop()
  })

  it('does not begin where the role may not ask which server it is', async () => {
    const url = await freshDatabase()
    const store = await opened(url)
    const { epoch } = store
    await administer(url, 'create role asker login')
    await administer(url, 'grant usage on schema layover to asker; grant all on all tables in schema layover to asker')
    await administer(url, 'revoke execute on function pg_control_system() from public')
    const limited = new URL(url)
    limited.username = 'asker'
    const asking = await opened(limited.href)
    expect(await asking.view.head(P)).toBe(0)
    expect([store.epoch, asking.epoch]).toEqual([epoch, epoch])
    await Promise.all([store.close(), asking.close()])
    await administer(url, 'drop owned by asker; drop role asker')
    await dropDatabase(url)
  })

  it('is told to a device whatever it asked in between: it starts anew', async () => {
    const url = await freshDatabase()
    const { ask, close } = await startSmallGateway([note], { store: postgres(url) })
    const pull = async (since?: string): Promise<{ cursor: string; reset: boolean }> => {
      const from = since === undefined ? '' : `since: "${since}", `
      return (await ask(`{ changes(${from}scopes: [{ type: "Note" }]) { cursor reset } }`, me)).changes
    }
    await ask('mutation { note(task: { id: "t" }, id: "n") { task { status } } }', me)
    let page = await pull()
    page = await pull(page.cursor)
    expect(page.reset).toBe(false)
    await moveToAnotherCluster(url)
    await endSessions(url)
    const resets: boolean[] = []
    await expect
      .poll(async () => {
        // What is asked of a connection that broke fails, and is asked again.
        page = await pull(page.cursor).catch(() => page)
        resets.push(page.reset)
        return resets
      })
      .toContain(true)
    await close()
    await dropDatabase(url)
  })
})
