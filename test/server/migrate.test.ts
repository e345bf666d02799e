/** A store goes from SQLite to Postgres by the command, and nobody notices but the operator. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { dbosEngine } from '../../server/engine/dbos.ts'
import { SQLITE_MIGRATIONS } from '../../server/store/migrations.ts'
import { moveToPostgres } from '../../server/store/move.ts'
import { postgres } from '../../server/store/postgres.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import type { Store } from '../../server/store/store.ts'
import { readConfig } from '../../server/vacation/config.ts'
import { type Served, serve } from '../../server/vacation/serve.ts'
import { layover } from '../support/command.ts'
import { calendar, Device } from '../support/device.ts'
import { dropDatabase, freshDatabase, postgresMissing, postgresPrograms } from '../support/postgres.ts'
import { COMMAND } from '../support/programs.ts'
import {
  type Answer,
  agent,
  ask,
  BOOK,
  booking,
  CREATE_CUSTOMER,
  DELETE_CUSTOMER,
  newCustomer,
  type Outside,
  RESOLVE,
  startOutside,
  supervisor,
  temporaryDirectory,
  UPDATE_CUSTOMER,
  uuid,
} from '../support/world.ts'

const SCOPES = [{ type: 'Customer' }, { type: 'Vacation' }, { type: 'Task' }]
/** A NUL, half a surrogate pair, what escapes look like on Postgres, and a character beyond the first plane. */
const WEIRD = 'nul \0, half \ud83d, escape \ue000d83d \ue000, whole 😀'
const [me, other, boss] = [agent('agent-a'), agent('agent-b'), supervisor('boss')]
const strange = agent(`agent ${WEIRD}`, `agency ${WEIRD}`)
const DAY_MS = 86_400_000

const directory = temporaryDirectory()
const file = join(directory.path, 'layover.db')
const clock = calendar()
/** Ids of tasks, by what became of them. */
const ids = {
  done: uuid(),
  parked: uuid(),
  conflict: uuid(),
  running: uuid(),
  waiting: uuid(),
  weird: uuid(),
}
const customers = { traveller: '', kept: '', deleted: '', given: '', weird: uuid() }
const done = { task: { id: ids.done, client: 'tablet', sequence: 3 }, input: {} }
let outside: Outside
let served: Served
let url: string
/** Pulled before and after; nothing of what happens to its records in between has reached it when the store moves. */
let device: Device
/** Has all there is when the store moves. */
let current: Device
let strangeDevice: Device

const send = (viewer: typeof me, query: string, variables?: object): Promise<Answer> =>
  ask(served.url, viewer, query, variables)
const world = { ask: send as Parameters<typeof newCustomer>[0]['ask'] }
const statusOf = async (id: string): Promise<string> =>
  (await send(me, 'query ($id: ID!) { task(id: $id) { status } }', { id })).data.task.status
const start = async (backend: Parameters<typeof serve>[1]): Promise<void> => {
  const environment = { ...outside.environment, PORT: '0', DATA_DIR: directory.path, TASK_WAIT_MS: '300' }
  served = await serve(readConfig(environment), backend, clock)
}
const book = (id: string, input: Record<string, unknown>): Promise<Answer> => send(me, BOOK, { task: { id }, input })

async function fill(): Promise<void> {
  const { control } = outside.sandbox
  for (const name of ['traveller', 'kept', 'deleted', 'given'] as const)
    customers[name] = await newCustomer(world, me, { name })
  device = await new Device(send, me, SCOPES).pull()
  Object.assign(done.input, booking(customers.traveller))
  await send(me, BOOK, done)
  await vi.waitUntil(async () => (await statusOf(ids.done)) === 'CONFIRMED', 10_000)
  const weird = {
    task: { id: ids.weird },
    input: { id: customers.weird, name: WEIRD, email: 'a@b.example', notes: WEIRD },
  }
  const created = await send(strange, CREATE_CUSTOMER, weird)
  expect(created.data.createCustomer.task.status).toBe('CONFIRMED')

  // The hotel that was reserved can't be given back.
  control.setStock('car-lisbon-2', 0)
  control.fault({ supplier: 'hotel', on: 'release', kind: 'error-500', key: ids.parked })
  const soldOut = booking(customers.traveller, {
    carOfferId: 'car-lisbon-2',
    carOptional: false,
    startsOn: '2027-07-01',
    endsOn: '2027-07-02',
  })
  await book(ids.parked, soldOut)
  const tried = (): boolean => control.log().filter(({ key }) => key === `${ids.parked}:hotel`).length > 1
  await vi.waitUntil(tried, 10_000)
  clock.aheadMs = DAY_MS / 12
  await vi.waitUntil(async () => (await statusOf(ids.parked)) === 'PARKED', 10_000)

  const edit = (viewer: typeof me, id: string, patch: object, task: object = {}): Promise<Answer> =>
    send(viewer, UPDATE_CUSTOMER, { task: { id: uuid(), ...task }, id, baseVersion: 1, patch })
  await edit(me, customers.kept, { notes: 'one' }, { client: 'one' })
  expect(
    (await edit(me, customers.kept, { notes: 'two' }, { id: ids.conflict, client: 'two' })).data.updateCustomer.task
      .status,
  ).toBe('CONFLICT')
  await edit(boss, customers.given, { ownerId: other.user })
  await send(me, DELETE_CUSTOMER, { task: { id: uuid() }, id: customers.deleted, baseVersion: 1 })

  control.fault({ supplier: 'flight', on: 'reserve', kind: 'hang' })
  const input = booking(customers.traveller, { startsOn: '2027-06-01', endsOn: '2027-06-02' })
  await book(ids.running, input)
  await book(ids.waiting, input)
  expect([await statusOf(ids.running), await statusOf(ids.waiting)]).toEqual(['RUNNING', 'ACCEPTED'])
  current = await new Device(send, me, SCOPES).pull()
  strangeDevice = await new Device(send, strange, SCOPES).pull()
}

const move = (...more: string[]) => layover(['migrate', 'sqlite-to-postgres', '--from', file, '--to', url, ...more])

/** Runs `work` on a connection to the database, as its superuser. */
async function inDatabase<Value>(work: (client: pg.Client) => Promise<Value>, to = url): Promise<Value> {
  const client = new pg.Client({ connectionString: to, application_name: 'test' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The command, begun and left alone. */
function beginMove(): { command: ChildProcess; exited: Promise<void> } {
  const words = [COMMAND, 'migrate', 'sqlite-to-postgres']
  const command = spawn(process.execPath, [...words, '--from', file, '--to', url], { stdio: 'ignore' })
  return { command, exited: new Promise(resolve => command.once('exit', () => resolve())) }
}

/** Server processes of moves that wait for a lock. */
const WAITING = `select pid from pg_stat_activity where application_name = 'layover move' and datname = current_database()
  and wait_event_type = 'Lock' and state = 'active'`

const waiting = (): Promise<number | null> => inDatabase(async client => (await client.query(WAITING)).rowCount)

const codeOfOpening = async (store: Store): Promise<unknown> => {
  try {
    await store.open()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  await store.close()
  return 'opened'
}

describe.skipIf(postgresMissing())('layover migrate sqlite-to-postgres', () => {
  beforeAll(async () => {
    outside = await startOutside()
    url = await freshDatabase()
    await start({ store: sqlite(file) })
    await fill()
  }, 60_000)
  afterAll(async () => {
    await served.stop()
    await outside.close()
    await dropDatabase(url)
    directory.remove()
  })

  it('is refused while a gateway has the file open, and makes nothing', async () => {
    expect(await move()).toMatchObject({
      code: 1,
      error: expect.stringContaining(`${file} is in use by a gateway: stop it`),
    })
    const made = await inDatabase(client => client.query(`select to_regnamespace('layover') as schema`))
    expect(made.rows).toEqual([{ schema: null }])
    await served.stop()
  })

  it('is refused where another store is, or gateways are', async () => {
    const occupied = await freshDatabase()
    const store = postgres(occupied)
    await store.open()
    const attempt = (): Promise<unknown> => moveToPostgres({ from: file, to: occupied, now: 0 })
    await store.view.head('north')
    await expect(attempt()).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining('Gateways are connected'),
    })
    await store.write('north', async unit => unit.setStumbles('nobody', 1))
    await store.close()
    await expect(attempt()).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' })
    await inDatabase(
      client => client.query(`insert into layover.meta values ('moving', '{"source":"x","from":"/another.db"}')`),
      occupied,
    )
    await expect(attempt()).rejects.toMatchObject({
      code: 'STORE_INCOMPLETE',
      message: expect.stringContaining('/another.db'),
    })
    await dropDatabase(occupied)
    // Nothing happened to the file.
    expect(await codeOfOpening(sqlite(file))).toBe('opened')
  })

  it('killed in the middle leaves nothing that is served, and the file as it was', async () => {
    // A gateway may have made the schema before.
    expect(await codeOfOpening(postgres(url))).toBe('opened')
    await inDatabase(async client => {
      await client.query('begin; lock table layover.memo in share row exclusive mode')
      const { command, exited } = beginMove()
      await expect.poll(waiting, { timeout: 20_000 }).toBe(1)
      expect(await codeOfOpening(postgres(url))).toBe('STORE_INCOMPLETE')
      command.kill('SIGKILL')
      await exited
    })
    expect(await codeOfOpening(postgres(url))).toBe('STORE_INCOMPLETE')
    expect(await layover(['inspect', '--store', url])).toMatchObject({
      code: 1,
      error: expect.stringContaining('is being filled by a move'),
    })
    expect((await inDatabase(client => client.query('select 1 from layover.record'))).rowCount).toBe(0)
    expect(await codeOfOpening(sqlite(file))).toBe('opened')
  })

  it('killed at its very end leaves neither side served, and can be repeated', async () => {
    await inDatabase(async client => {
      await client.query('select pg_advisory_lock(42)')
      await client.query(
        `create function layover.hold() returns trigger language plpgsql as 'begin perform pg_advisory_lock(42); return null; end'`,
      )
      await client.query(`create constraint trigger hold after insert on layover.partition deferrable initially deferred
        for each row execute function layover.hold()`)
      const { command, exited } = beginMove()
      await expect.poll(waiting, { timeout: 20_000 }).toBe(1)
      command.kill('SIGKILL')
      await exited
      await client.query(`select pg_terminate_backend(pid) from (${WAITING}) moving`)
      await client.query('drop function layover.hold() cascade')
    })
    expect(await codeOfOpening(sqlite(file))).toBe('STORE_MOVED')
    expect(await codeOfOpening(postgres(url))).toBe('STORE_INCOMPLETE')
  })

  it('moves all of it, and shows counts and hashes of both sides', async () => {
    const { code, out, error } = await move()
    expect([code, error]).toEqual([0, expect.stringContaining('record: comparing')])
    const lines = out.split('\n').map(line => line.split(/ {2,}/))
    expect(lines[0]).toEqual(['TABLE', 'ROWS', 'ROWS THERE', 'HASH', 'HASH THERE'])
    const tables = lines.slice(
      1,
      lines.findIndex(([first]) => first === ''),
    )
    expect(tables.map(([name]) => name)).toEqual([
      'departed',
      'memo',
      'meta',
      'partition',
      'record',
      'signal',
      'task',
      'touch',
      'version',
      'waits',
    ])
    for (const [name, here, there, hash, hashThere] of tables) {
      expect([name, there, hashThere]).toEqual([name, here, hash])
      if (name !== 'signal') expect(Number(here)).toBeGreaterThan(0)
    }
    const database = new Database(file, { readonly: true })
    for (const table of ['departed', 'memo', 'record', 'task', 'version', 'waits', 'touch']) {
      const there = await inDatabase(client => client.query(`select count(*)::int as count from layover.${table}`))
      expect(there.rows).toEqual([database.prepare(`select count(*) as count from ${table}`).get()])
    }
    database.close()
  })

  it('the file is refused from then on, by gateways, by the command and by a second move', async () => {
    expect(await codeOfOpening(sqlite(file))).toBe('STORE_MOVED')
    const [told, moved, looked] = await Promise.all([
      layover(['tasks', 'undo', ids.parked, '--store', file]),
      move(),
      layover(['inspect', '--store', file]),
    ])
    expect(told).toMatchObject({ code: 1, error: expect.stringContaining('was moved to postgres at') })
    expect(moved).toMatchObject({ code: 1, error: expect.stringContaining('was moved to') })
    expect(looked.code).toBe(0)
  })

  it('the command looks into Postgres as into the file', async () => {
    const inspect = async (...words: string[]) => {
      const { out } = await layover(['inspect', '--json', ...words])
      const { ageSeconds: _, ...report } = JSON.parse(out)
      return report
    }
    const [here, there, all, undo, nobody, backup] = await Promise.all([
      inspect(ids.running, '--values', '--store', file),
      inspect(ids.running, '--values', '--store', url),
      layover(['inspect'], { DATABASE_URL: url }),
      layover(['tasks', 'undo', ids.running, '--store', url]),
      layover(['inspect', 'nobody', '--store', url]),
      layover(['backup', 'x.dump', '--store', url]),
    ])
    expect(here.memos.length).toBeGreaterThan(1)
    expect(here.waitedForBy).toEqual([ids.waiting])
    expect(there).toEqual(here)
    expect(all.code).toBe(0)
    expect(all.out).toMatch(new RegExp(`${ids.parked} .* parked +PARKED .* The undo of step "hotel" has not succeeded`))
    expect(all.out).toMatch(/store +postgres at 127\.0\.0\.1:\d+\/test_\w+, \d+ bytes/)
    expect(all.out).toMatch(/heads .*north \d+/)
    expect(all.out).not.toContain('layover@')
    expect([undo.code, undo.error]).toEqual([2, expect.stringContaining('is not parked')])
    expect([nobody.code, nobody.error]).toEqual([2, expect.stringContaining('has no task "nobody"')])
    const how = 'pg_dump --format=custom --schema=layover --file=x.dump'
    expect([backup.code, backup.error]).toEqual([2, expect.stringContaining(how)])
  })

  describe('a gateway on Postgres goes on', () => {
    beforeAll(async () => {
      outside.sandbox.control.clearFaults()
      await start({ store: postgres(url), engine: dbosEngine({ url }) })
    })

    it('a device with an old cursor is sent what changed since, and nothing twice', async () => {
      const page = await current.page()
      expect(page.reset).toBe(false)
      // The two that are not finished may have been told of again.
      expect(page.changed.filter(({ __typename, id }) => __typename === 'Customer' || id === ids.done)).toEqual([])
      await device.pull()
      expect(device.resets).toEqual([])
      expect(device.removals).toEqual(
        expect.arrayContaining([
          { type: 'Customer', id: customers.deleted, reason: 'DELETED' },
          { type: 'Customer', id: customers.given, reason: 'OUT_OF_SCOPE' },
        ]),
      )
      const again = await strangeDevice.page()
      expect([again.reset, again.changed, again.removed]).toEqual([false, [], []])
      const anew = await new Device(send, strange, SCOPES).pull()
      expect(anew.records.get(`Customer:${customers.weird}`)).toMatchObject({ name: WEIRD, notes: WEIRD })
    })

    it('a repeated task is answered with its outcome, whatever its person is called, and another input is refused', async () => {
      const calls = outside.sandbox.control.log().length
      const again = await send(me, BOOK, done)
      expect(again.data.bookVacation).toMatchObject({
        task: { id: ids.done, status: 'CONFIRMED' },
        vacation: { status: 'BOOKED' },
      })
      expect(
        outside.sandbox.control
          .log()
          .slice(calls)
          .filter(({ key }) => key?.startsWith(ids.done)),
      ).toEqual([])
      const reused = await send(me, BOOK, { ...done, input: { ...done.input, travellers: 3 } })
      expect(reused.text).toContain('ID_REUSED')
      const input = { id: customers.weird, name: WEIRD, email: 'a@b.example', notes: WEIRD }
      const weird = await send(strange, CREATE_CUSTOMER, { task: { id: ids.weird }, input })
      expect(weird.data.createCustomer).toMatchObject({
        task: { status: 'CONFIRMED' },
        customer: { version: 1, name: WEIRD },
      })
    })

    it('a parked task is resumed by an operator, unfinished ones come to their end, and a conflict is settled', async () => {
      expect(await statusOf(ids.parked)).toBe('PARKED')
      const told = await layover(['tasks', 'resume', ids.parked], { DATABASE_URL: url })
      expect(told).toMatchObject({ code: 0, out: expect.stringContaining('resume was said') })
      await expect.poll(() => statusOf(ids.parked), { timeout: 15_000 }).toBe('REJECTED')
      await expect.poll(() => statusOf(ids.running), { timeout: 15_000 }).toBe('CONFIRMED')
      // It booked the same vacation a second time.
      await expect.poll(() => statusOf(ids.waiting), { timeout: 15_000 }).toBe('REJECTED')
      const kept = outside.sandbox.control.reservations().map(({ key }) => key)
      expect(kept.filter(key => key.startsWith(ids.parked))).toEqual([])
      expect(kept.filter(key => key.startsWith(ids.running)).length).toBe(3)
      const settled = await send(me, RESOLVE, { task: { id: uuid() }, conflictOf: ids.conflict, decision: 'KEEP_MINE' })
      expect(settled.data.resolveConflict.task.status).toBe('CONFIRMED')
    })

    it('and all that it does comes after what was done before', async () => {
      // Mails that are still to go out change their tasks.
      const unfinished = `select 1 from layover.task where state <> 'finished'`
      await expect.poll(() => inDatabase(async client => (await client.query(unfinished)).rowCount)).toBe(0)
      await send(me, UPDATE_CUSTOMER, {
        task: { id: uuid() },
        id: customers.kept,
        baseVersion: 3,
        patch: { name: 'renamed' },
      })
      await current.pull()
      expect(current.records.get(`Customer:${customers.kept}`)).toMatchObject({ name: 'renamed' })
      expect(current.resets).toEqual([])
      expect(current.holds()).toEqual(await current.anew())
      const numbers = new Database(file, { readonly: true })
      const last = numbers.prepare('select max(number) from task').pluck().get() as number
      numbers.close()
      const { rows } = await inDatabase(client =>
        client.query('select max(number)::int as last, count(*)::int as tasks from layover.task'),
      )
      expect(rows[0].last).toBeGreaterThan(last)
    })
  })

  it('taken back, the file opens as another history, and devices start anew', async () => {
    await served.stop()
    const before = new Database(file, { readonly: true })
      .prepare(`select value from meta where name = 'epoch'`)
      .pluck()
      .get()
    const { code, out } = await layover(['migrate', 'undo', '--from', file])
    expect([code, out]).toEqual([0, expect.stringContaining('Gateways may open')])
    const store = sqlite(file)
    await start({ store })
    expect(before).toEqual(expect.any(String))
    expect(store.epoch).not.toBe(before)
    expect((await current.page()).reset).toBe(true)
    expect(current.records.get(`Customer:${customers.kept}`)).toMatchObject({ name: 'kept' })
    expect((await layover(['migrate', 'undo', '--from', join(directory.path, 'none.db')])).code).toBe(1)
  })
})

describe.skipIf(postgresMissing())('moving a small store', () => {
  const small = temporaryDirectory()
  const path = join(small.path, 'small.db')
  const record = (id: string) => ({
    partition: 'p',
    type: 'Note',
    key: id,
    owner: null,
    deleted: false,
    entity: { __typename: 'Note', id, version: 1, updatedAt: '2027-01-01T00:00:00.000Z', updatedBy: null, text: WEIRD },
  })
  let to: string

  beforeAll(async () => {
    to = await freshDatabase()
    const store = sqlite(path)
    await store.open()
    await store.write('p', async unit => unit.put(record('n'), { keepVersion: true, writtenBy: null }))
    await store.close()
  })
  afterAll(async () => {
    await dropDatabase(to)
    small.remove()
  })

  it.each([
    ['record', `new.entity := replace(new.entity, 'escape', 'escapf')`],
    ['partition', 'return null'],
  ])('is broken off when what arrives in %s is not what was sent', async (table, fault) => {
    expect(await codeOfOpening(postgres(to))).toMatch(/opened|STORE_INCOMPLETE/)
    await inDatabase(
      client =>
        client.query(`create function layover.spoil() returns trigger language plpgsql as $$ begin ${fault}; return new; end $$;
          create trigger spoil before insert on layover.${table} for each row execute function layover.spoil()`),
      to,
    )
    await expect(moveToPostgres({ from: path, to, now: 0 })).rejects.toMatchObject({
      code: 'STORE_INCOMPLETE',
      message: expect.stringContaining(`differs in ${table}`),
    })
    expect(await codeOfOpening(sqlite(path))).toBe('opened')
    expect(await codeOfOpening(postgres(to))).toBe('STORE_INCOMPLETE')
    await inDatabase(client => client.query('drop function layover.spoil() cascade'), to)
  })

  it('of an older version brings it up to date first, and begins another history where that is asked for', async () => {
    const old = join(small.path, 'old.db')
    const database = new Database(old)
    database.exec(SQLITE_MIGRATIONS[0] as string)
    database.pragma('user_version = 1')
    database.exec(`insert into meta values ('epoch', 'e'), ('secret', 's'); insert into partition values ('p', 7);
      insert into record values ('p', 'Note', 'n', 7, null, 0, '{"__typename":"Note","id":"n","version":1}')`)
    database.close()
    const elsewhere = await freshDatabase()
    await moveToPostgres({ from: old, to: elsewhere, now: 0, newEpoch: true })
    const store = postgres(elsewhere)
    await store.open()
    expect([store.secret, await store.view.head('p')]).toEqual(['s', 7])
    expect(store.epoch).not.toBe('e')
    expect((await store.view.record('p', 'Note', 'n'))?.entity.version).toBe(1)
    await store.close()
    await dropDatabase(elsewhere)
  })

  it('keeps epoch, secret and numbers; a dump that is loaded beside it is another history', async () => {
    const before = sqlite(path)
    await before.open()
    const [epoch, secret] = [before.epoch, before.secret]
    await before.close()
    const { lastTaskNumber } = await moveToPostgres({ from: path, to, now: 0 })
    expect(lastTaskNumber).toBe(0)
    const after = postgres(to)
    await after.open()
    expect([after.epoch, after.secret, await after.view.head('p')]).toEqual([epoch, secret, 1])
    await after.close()
    const copy = await freshDatabase()
    const dump = join(small.path, 'small.dump')
    const programs = postgresPrograms() ?? ''
    execFileSync(join(programs, 'pg_dump'), ['--format=custom', '--schema=layover', `--file=${dump}`, to])
    execFileSync(join(programs, 'pg_restore'), [`--dbname=${copy}`, dump])
    const restored = postgres(copy)
    await restored.open()
    expect(restored.epoch).not.toBe(epoch)
    expect((await restored.view.record('p', 'Note', 'n'))?.entity['text']).toBe(WEIRD)
    await restored.close()
    await dropDatabase(copy)
  })
})
