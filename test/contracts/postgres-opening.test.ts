/** Who may open a store on Postgres, by which way, and what he is told otherwise. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { postgres } from '../../server/store/postgres.ts'
import type { Store } from '../../server/store/store.ts'
import { pgbouncerMissing, startPgbouncer } from '../support/pgbouncer.ts'
import { dropDatabase, freshDatabase, postgresMissing, startPostgres } from '../support/postgres.ts'
import { P, record, task } from '../support/stored.ts'
import { uuid } from '../support/world.ts'

async function administer(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** Every statement that a gateway needs a right for. */
async function useAll(store: Store): Promise<void> {
  await store.write(P, async unit => {
    unit.put(record('a'), { keepVersion: true, writtenBy: null })
    const taken = await unit.takeTask(task('t', { touches: [{ record: 'Thing:a', writes: true }] }))
    await unit.setWalker('t', 'w')
    await unit.recordMemo('t', 'step', 1)
    await unit.release(taken)
  })
  await store.write(P, async unit => {
    await unit.dropMemos('t')
    await unit.takeSignal('t')
    await unit.prune(systemClock.now() + 1000, 10)
    await unit.inTheWay(P, [{ record: 'Thing:a', writes: true }])
  })
  expect(await store.view.head(P)).toBe(1)
  expect(await store.view.pruned(P)).toBe(0)
}

describe.skipIf(postgresMissing())('a database', () => {
  let url: string
  beforeEach(async () => {
    url = await freshDatabase()
  })
  afterEach(() => dropDatabase(url))

  it('that is empty gets one schema, one epoch and one secret, when eight gateways open it at once', async () => {
    const stores = Array.from({ length: 8 }, () => postgres(url, { readers: 2, writers: 2 }))
    await Promise.all(stores.map(store => store.open()))
    expect(new Set(stores.map(({ epoch }) => epoch)).size).toBe(1)
    expect(new Set(stores.map(({ secret }) => secret)).size).toBe(1)
    expect(stores[0]?.secret).toMatch(/^[0-9a-f]{64}$/)
    await Promise.all(
      stores.map((store, at) =>
        store.write(P, async unit => unit.put(record(`k${at}`), { keepVersion: true, writtenBy: null })),
      ),
    )
    expect(await stores[0]?.view.head(P)).toBe(8)
    await Promise.all(stores.map(store => store.close()))
  })

  it('serves a role that may only read and write rows, once the schema is there', async () => {
    const role = `role_${uuid().replaceAll('-', '')}`
    const limited = new URL(url)
    limited.username = role
    await administer(url, `create role ${role} login`)
    const early = postgres(limited.href)
    await expect(early.open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('grant it create on the database, or let another role start a gateway once'),
    })
    const owner = postgres(url)
    await owner.open()
    await owner.close()
    await expect(early.open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('usage on schema "layover"'),
    })
    await administer(
      url,
      `grant usage on schema layover to ${role}`,
      `grant select, insert, update, delete on all tables in schema layover to ${role}`,
      `grant usage on all sequences in schema layover to ${role}`,
    )
    const store = postgres(limited.href)
    await store.open()
    await useAll(store)
    await store.close()
    await administer(url, `drop owned by ${role}`, `drop role ${role}`)
  })

  it('serves a role that owns an empty schema and may create nothing else', async () => {
    const role = `role_${uuid().replaceAll('-', '')}`
    const limited = new URL(url)
    limited.username = role
    await administer(url, `create role ${role} login`, `create schema layover authorization ${role}`)
    const store = postgres(limited.href)
    await store.open()
    await useAll(store)
    await store.close()
    await administer(url, `drop owned by ${role}`, `drop role ${role}`)
  })

  it('that is reached through a pool of sessions serves', async context => {
    if (pgbouncerMissing()) context.skip('PgBouncer is not installed')
    const pooler = await startPgbouncer(url, 'session')
    const store = postgres(pooler.url, { readers: 2, writers: 2 })
    await store.open()
    await useAll(store)
    await store.close()
    await pooler.stop()
  })

  it.each([
    ['a port where nobody listens', (of: URL) => (of.port = '1'), 'nobody listens there'],
    ['a database that there is not', (of: URL) => (of.pathname = '/nowhere'), 'there is no such database'],
    ['a user that there is not', (of: URL) => (of.username = 'nobody'), 'refuses this user'],
    [
      'encryption from a server that has none',
      (of: URL) => of.searchParams.set('sslmode', 'verify-full'),
      'The server does not support SSL connections',
    ],
  ])('is asked for with %s: the message says so, and shows no password', async (_, mangle, message) => {
    const wrong = new URL(url)
    wrong.password = 'hush-hush'
    mangle(wrong)
    const error: unknown = await postgres(wrong.href)
      .open()
      .catch((failed: unknown) => failed)
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining(message) })
    expect(String(error)).not.toContain('hush-hush')
  })

  it('of newer gateways is served as long as ours may go on beside them, and refused from then on', async () => {
    const running = postgres(url)
    await running.open()
    await running.write(P, unit => unit.takeTask(task('t')))
    await administer(
      url,
      `update layover.meta set value = '999' where name = 'schema'`,
      'alter table layover.task add column novelty text',
      'alter table layover.record add column novelty text',
      'alter table layover.partition add column novelty text',
    )
    // It has prepared its statements before.
    expect(await running.view.task({ partition: P, user: 'ann', id: 't' })).toBeDefined()
    await useAllOf(running, 'u')
    const store = postgres(url)
    await store.open()
    await useAllOf(store, 'v')
    await store.close()
    await administer(url, `update layover.meta set value = '999' where name = 'oldest'`)
    await expect(postgres(url).open()).rejects.toMatchObject({
      code: 'STORE_TOO_NEW',
      message: expect.stringMatching(
        /schema 999, which needs at least version 999; this one knows \d+.*start that version/,
      ),
    })
    await endSessions(url)
    await expect.poll(() => running.view.head(P).catch((error: { code: string }) => error.code)).toBe('STORE_TOO_NEW')
    await running.close()
  })
})

const useAllOf = (store: Store, id: string): Promise<unknown> =>
  store.write(P, async unit => {
    unit.put(record(id), { keepVersion: true, writtenBy: null })
    await unit.takeTask(task(id))
    return [await unit.unfinished(), await unit.task({ partition: P, user: 'ann', id: 't' })]
  })

const endSessions = (url: string): Promise<void> =>
  administer(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'layover'`,
  )

// Most of their time they wait, so they do so together.
describe.skipIf(postgresMissing()).concurrent('a way', () => {
  for (const sessions of [10, 1]) {
    it(`through a pool of ${sessions} in transaction mode is refused`, async ({ skip, expect }) => {
      if (pgbouncerMissing()) skip('PgBouncer is not installed')
      const url = await freshDatabase()
      const pooler = await startPgbouncer(url, 'transaction', sessions)
      await expect(postgres(pooler.url).open()).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(/a pooler in transaction mode.*Point DATABASE_URL at the server itself/),
      })
      await pooler.stop()
      await dropDatabase(url)
    })
  }

  it('with sslmode is as safe as it says: with verify-full a server whose certificate nobody vouches for is refused', async ({
    skip,
    expect,
  }) => {
    const folder = mkdtempSync(join(tmpdir(), 'layover-certificates-'))
    const certify = (name: string): void => {
      const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)]
      execFileSync(
        'openssl',
        [
          ...['req', '-new', '-x509', '-nodes', '-days', '2', '-newkey', 'rsa:2048', '-subj', '/CN=localhost'],
          ...['-addext', 'subjectAltName=IP:127.0.0.1'],
          ...files,
        ],
        { stdio: 'ignore' },
      )
    }
    try {
      certify('server')
      certify('other')
    } catch {
      skip('openssl is not installed')
    }
    const server = await startPostgres()
    const url = await server.createDatabase()
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('show data_directory')
    const { uid, gid } = statSync(rows[0]?.data_directory as string)
    const [key, certificate] = [join(folder, 'server.key'), join(folder, 'server.crt')]
    chmodSync(folder, 0o755)
    chmodSync(key, 0o600)
    if (process.getuid?.() === 0) chownSync(key, uid, gid)
    await client.query(`alter system set ssl_key_file = '${key}'`)
    await client.query(`alter system set ssl_cert_file = '${certificate}'`)
    await client.query('alter system set ssl = on')
    await client.query('select pg_reload_conf()')
    const by = (name: string): string => `${url}?sslmode=verify-full&sslrootcert=${join(folder, `${name}.crt`)}`
    const store = postgres(by('server'))
    await expect.poll(() => store.open().then(() => 'open', String)).toBe('open')
    await useAll(store)
    const plain = await client.query(
      `select count(*) filter (where not ssl)::int as plain, count(*)::int as all from pg_stat_ssl join pg_stat_activity using (pid)
 where application_name = 'layover'`,
    )
    expect(plain.rows).toEqual([{ plain: 0, all: expect.toSatisfy((count: number) => count > 0) }])
    await store.close()
    await expect(postgres(by('other')).open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('certificate'),
    })
    await client.end()
    await server.stop()
    rmSync(folder, { recursive: true })
  })
})
