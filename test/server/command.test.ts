/** The command `layover`, run as people run it, on the store of a gateway that is running or was. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sqlite } from '../../server/store/sqlite.ts'
import { type Ended, layover as run } from '../support/command.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import {
  agent,
  ask,
  BOOK,
  booking,
  CREATE_CUSTOMER,
  newCustomer,
  type Outside,
  startOutside,
  temporaryDirectory,
  UPDATE_CUSTOMER,
  uuid,
} from '../support/world.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const me = agent('agent-a')
const directory = temporaryDirectory()
const file = join(directory.path, 'layover.db')
/** Ids of tasks, by what became of them. */
const ids = { running: uuid(), waiting: uuid(), rejected: uuid(), conflict: uuid(), twice: uuid() }
let outside: Outside
let gateway: GatewayProcess

const layover = (...words: string[]): Promise<Ended> => run(words, { DATA_DIR: directory.path })
const inspect = async (...words: string[]) => JSON.parse((await layover('inspect', '--json', ...words)).out)

const world = {
  ask: (viewer: Parameters<typeof ask>[1], query: string, variables?: object) =>
    ask(gateway.url, viewer, query, variables),
}

/** Changes the file as nobody but a test does. */
function change(sql: string, ...values: unknown[]): void {
  const database = new Database(file)
  database.prepare(sql).run(...values)
  database.close()
}
const signals = (): unknown[] => {
  const database = new Database(file)
  const rows = database.prepare('select reference, action, said_at from signal').all()
  database.close()
  return rows
}

beforeAll(async () => {
  outside = await startOutside()
  gateway = await startGatewayProcess({
    dataDir: directory.path,
    env: { ...outside.environment, TASK_WAIT_MS: '0', LOG_LEVEL: 'fatal' },
  })
  const customer = await newCustomer(world, me, { name: 'SECRET-name', notes: 'SECRET-notes' })
  outside.sandbox.control.setStock('car-lisbon-2', 0)
  await world.ask(me, BOOK, {
    task: { id: ids.rejected },
    input: booking(customer, { carOfferId: 'car-lisbon-2', carOptional: false }),
  })
  const update = (id: string, client: string): Promise<unknown> =>
    world.ask(me, UPDATE_CUSTOMER, {
      task: { id, client },
      id: customer,
      baseVersion: 1,
      patch: { notes: `SECRET ${id}` },
    })
  await vi.waitUntil(() => statusOf(ids.rejected, 'REJECTED'), 15_000)
  await update(uuid(), 'one')
  await update(ids.conflict, 'another')
  outside.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'hang' })
  const input = booking(customer, { startsOn: '2027-06-01', endsOn: '2027-06-02' })
  await world.ask(me, BOOK, { task: { id: ids.running, client: 'tablet', sequence: 7 }, input })
  await world.ask(me, BOOK, { task: { id: ids.waiting }, input })
  await vi.waitUntil(async () => {
    const { data } = await world.ask(me, `{ task(id: "${ids.running}") { steps { name status } } }`)
    return data.task.steps.some((step: { name: string; status: string }) =>
      /flight RUNNING/.test(`${step.name} ${step.status}`),
    )
  }, 15_000)
  const create = { task: { id: ids.twice }, input: { id: uuid(), name: 'One' } }
  await world.ask(me, CREATE_CUSTOMER, create)
  await world.ask(agent('agent-b'), CREATE_CUSTOMER, { ...create, input: { id: uuid(), name: 'Two' } })
  // It has the file open, and time stands still for it: the task that hangs would be given up while the tests look at it.
  gateway.signal('SIGSTOP')
})
afterAll(async () => {
  gateway.signal('SIGCONT')
  await gateway.stop()
  await outside.close()
  directory.remove()
})

const statusOf = async (id: string, status: string): Promise<boolean> =>
  (await world.ask(me, `{ task(id: "${id}") { status } }`)).data.task.status === status

describe('while the gateway runs', () => {
  it('inspect lists what is unfinished, at which step, and sums up the store', async () => {
    const { code, out } = await layover('inspect')
    expect(code).toBe(0)
    const [head, running, waiting, ...rest] = out.split('\n')
    expect(head).toMatch(/^REFERENCE +TASK +USER +STATE +STATUS +AGE +STEP +WHY PARKED$/)
    expect(running).toMatch(
      new RegExp(`^${ids.running} +bookVacation@1 +agent-a +running +RUNNING +\\d+ s +flight +-$`),
    )
    expect(waiting).toMatch(new RegExp(`^${ids.waiting} +bookVacation@1 +agent-a +waiting +ACCEPTED +\\d+ s +- +-$`))
    expect(rest.join('\n')).toMatch(/tasks +ACCEPTED 1, CONFIRMED 4, CONFLICT 1, REJECTED 1, RUNNING 1/)
    expect(rest.join('\n')).toMatch(/heads .*north \d+/)
  })

  it('inspect of a task says what it did, what undoing it would take back, and who waits', async () => {
    const task = await inspect(ids.running)
    expect(task).toMatchObject({
      reference: ids.running,
      task: 'bookVacation@1',
      state: 'running',
      client: 'tablet',
      sequence: 7,
      memos: ['hotel 1', 'prepare'],
      undo: [
        { step: 'flight', because: 'outcome unknown' },
        { step: 'hotel', because: 'done' },
      ],
      waitsFor: [],
      waitedForBy: [ids.waiting],
      signal: null,
    })
    expect(task.steps.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`)).toEqual([
      'offers SKIPPED',
      'hotel DONE',
      'flight RUNNING',
      'car WAITING',
      'mail WAITING',
    ])
    expect(task.steps[1].seconds).toBeGreaterThanOrEqual(0)
    expect(task.touches).toEqual([
      expect.stringMatching(/^writes Vacation:/),
      expect.stringMatching(/^reads Customer:/),
    ])
    const { out } = await layover('inspect', ids.running)
    expect(out).toContain('would take back flight (outcome unknown), then hotel (done)')
  })

  it('inspect of a settled task says how it ended', async () => {
    expect(await inspect(ids.rejected)).toMatchObject({
      state: 'finished',
      status: 'REJECTED',
      rejection: { code: 'SOLD_OUT', field: 'input.carOfferId' },
      undo: [],
    })
    expect(await inspect(ids.conflict)).toMatchObject({
      status: 'CONFLICT',
      conflict: { type: 'Customer', fields: ['notes'] },
    })
  })

  it('what people typed is shown only when it is asked for', async () => {
    const asked = [[], [ids.running], [ids.conflict], [ids.running, '--json'], [ids.conflict, '--json']]
    // Together, since the running task does not hang for ever.
    const answers = await Promise.all(asked.map(words => layover('inspect', ...words)))
    for (const { out } of answers) {
      expect(out).toMatch(/status|STATUS/)
      expect(out).not.toContain('SECRET')
    }
    expect((await layover('inspect', ids.running, '--values')).out).toContain('SECRET-name')
    expect((await inspect(ids.conflict, '--values')).values.args.patch.notes).toContain('SECRET')
  })

  it('a task that is not parked can be told nothing, and neither can one that is not there', async () => {
    for (const id of [ids.running, ids.waiting, ids.rejected]) {
      const { code, error } = await layover('tasks', 'undo', id)
      expect([code, error]).toEqual([2, expect.stringContaining('is not parked')])
    }
    expect(await layover('tasks', 'resume', 'nobody')).toMatchObject({
      code: 2,
      error: expect.stringContaining('no task "nobody"'),
    })
    expect(await layover('inspect', 'nobody')).toMatchObject({
      code: 2,
      error: expect.stringContaining('no task "nobody"'),
    })
    expect(signals()).toEqual([])
  })

  it('two users with one id of a task are told apart by the reference', async () => {
    const id = ids.twice
    expect(await inspect(id)).toMatchObject({ user: 'agent-a', reference: id })
    change('update task set reference = ? where reference = ?', `${id}~a`, id)
    const { code, error } = await layover('inspect', id)
    expect(code).toBe(2)
    expect(error).toMatch(new RegExp(`use the reference.*${id}~a ${id}~\\w+`))
  })

  it('backup copies what is there, as a history of its own, and never over another file', async () => {
    const copy = join(directory.path, 'copy.db')
    expect(await layover('backup', copy)).toMatchObject({ code: 0, error: '' })
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    const opened = new Database(copy, { readonly: true })
    expect(opened.prepare('select status from task where id = ?').get(ids.running)).toEqual({ status: 'RUNNING' })
    expect(opened.pragma('integrity_check', { simple: true })).toBe('ok')
    opened.close()
    const before = readFileSync(copy)
    expect(await layover('backup', copy)).toMatchObject({ code: 1, error: expect.stringContaining('exists') })
    expect(readFileSync(copy).equals(before)).toBe(true)
    const restored = sqlite(copy)
    await restored.open()
    const original = new Database(file, { readonly: true })
    const epoch = original.prepare(`select value from meta where name = 'epoch'`).pluck().get()
    original.close()
    expect(epoch).toEqual(expect.any(String))
    expect(restored.epoch).not.toBe(epoch)
    await restored.close()
    expect(readdirSync(directory.path).filter(name => name.includes('.part'))).toEqual([])
  })
})

describe('after the gateway has stopped', () => {
  beforeAll(async () => {
    gateway.signal('SIGCONT')
    await gateway.stop()
    const parked = JSON.stringify({ why: 'flight does not answer\u001b[2J', at: Date.UTC(2027, 0, 1) })
    change('update task set parked = ?, status = ? where id = ?', parked, 'PARKED', ids.running)
  })

  it('a parked task shows why and since when, in characters that move no cursor', async () => {
    const { out } = await layover('inspect')
    expect(out).toMatch(new RegExp(`${ids.running} .* parked +PARKED .* flight does not answer\\?\\[2J`))
    expect(out).not.toContain('\u001b')
    expect(await inspect(ids.running)).toMatchObject({ state: 'parked', parked: { at: '2027-01-01T00:00:00.000Z' } })
  })

  it('looking changes no byte and leaves no file', async () => {
    const before = [readFileSync(file).toString('hex'), readdirSync(directory.path)]
    expect((await layover('inspect')).code).toBe(0)
    expect((await layover('inspect', ids.running)).code).toBe(0)
    expect([readFileSync(file).toString('hex'), readdirSync(directory.path)]).toEqual(before)
  })

  it('a parked task can be told to go on or to be undone, and the last word counts', async () => {
    expect(await layover('tasks', 'resume', ids.running)).toMatchObject({
      code: 0,
      out: expect.stringContaining('resume was said'),
    })
    expect(signals()).toEqual([{ reference: ids.running, action: 'resume', said_at: expect.any(Number) }])
    expect((await layover('tasks', 'undo', ids.running)).code).toBe(0)
    expect(signals()).toEqual([{ reference: ids.running, action: 'undo', said_at: expect.any(Number) }])
    expect((await inspect(ids.running)).signal).toBe('undo')
  })
})

describe('a store that cannot be used', () => {
  it('that is missing is named, with what to do, and not made', async () => {
    const missing = join(directory.path, 'nowhere', 'layover.db')
    for (const words of [['inspect'], ['tasks', 'undo', 'x'], ['backup', join(directory.path, 'x.db')]]) {
      const { code, error } = await layover(...words, '--store', missing)
      expect([code, error]).toEqual([1, expect.stringContaining(`no store at ${missing}. Name it with --store`)])
    }
    expect(existsSync(join(directory.path, 'nowhere'))).toBe(false)
    expect(existsSync(join(directory.path, 'x.db'))).toBe(false)
  })

  it.each([
    ['newer', 999, /newer version/],
    ['older', 1, /older version/],
    ['foreign', 0, /not a store of Layover/],
  ])('that is %s is left as it is', async (name, version, text) => {
    const path = join(directory.path, `${name}.db`)
    const database = new Database(path)
    database.exec('create table something (a)')
    database.pragma(`user_version = ${version}`)
    database.close()
    const before = readFileSync(path).toString('hex')
    for (const words of [['inspect'], ['tasks', 'undo', 'x'], ['backup', join(directory.path, 'x.db')]]) {
      const { code, error } = await layover(...words, '--store', path)
      expect([code, error]).toEqual([1, expect.stringMatching(text)])
    }
    expect(readFileSync(path).toString('hex')).toBe(before)
  })

  it('that is on a server that nobody runs is named without its password', async () => {
    const { code, error } = await layover('inspect', '--store', 'postgres://me:hush@127.0.0.1:1/store')
    expect([code, error]).toEqual([1, expect.stringContaining('postgres at 127.0.0.1:1/store')])
    expect(error).toContain('nobody listens there')
    expect(error).not.toContain('hush')
  })

  it('that is no database is said to be none', async () => {
    const path = join(directory.path, 'letter.txt')
    writeFileSync(path, 'a letter, longer than the header of a database '.repeat(50))
    expect(await layover('inspect', '--store', path)).toMatchObject({
      code: 1,
      error: expect.stringContaining('is no SQLite database'),
    })
  })
})

describe('words', () => {
  it.each([
    [['dance'], /There is no "dance"/],
    [[], /Say what to do/],
    [['inspect', 'a', 'b'], /"b" is one word too many/],
    [['inspect', '--loud'], /--loud/],
    [['tasks'], /resume or undo/],
    [['tasks', 'resume'], /needs the task/],
    [['backup'], /needs the file/],
    [['backup', 'x', '--json'], /belong to inspect/],
    [['inspect', '--to', 'postgres://h/d'], /belong to migrate/],
    [['inspect', '--store', 'postgres://[/d'], /--store or DATABASE_URL is no address/],
    [['migrate'], /sqlite-to-postgres or undo/],
    [['migrate', 'sqlite-to-postgres'], /needs --to postgres:/],
    [['migrate', 'sqlite-to-postgres', '--to', 'elsewhere.db'], /needs --to postgres:/],
    [['migrate', 'sqlite-to-postgres', '--from', 'postgres://h/d', '--to', 'postgres://h/e'], /no way from Postgres/],
    [['migrate', 'undo', '--new-epoch'], /takes --from only/],
  ])('%j is not understood, and says what there is', async (words, text) => {
    const { code, out, error } = await layover(...words)
    expect([code, out]).toEqual([2, ''])
    expect(error).toMatch(text)
    expect(error).toContain('layover tasks resume <task>')
  })

  it('--help and --version answer', async () => {
    expect(await layover('--help')).toMatchObject({ code: 0, out: expect.stringContaining('layover inspect [task]') })
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(await layover('--version')).toMatchObject({ code: 0, out: `${version}\n` })
  })
})
