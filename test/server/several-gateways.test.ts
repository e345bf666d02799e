/** Real processes on one Postgres: who walks a task when its gateway dies, freezes, stops, or was never able to begin. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { postgres } from '../../server/store/postgres.ts'
import type { NewTask, Store, StoredTask } from '../../server/store/store.ts'
import { tenantPartition } from '../../server/viewer.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { programOf } from '../support/programs.ts'
import { agent } from '../support/world.ts'

interface Child {
  readonly said: string[]
  readonly process: ChildProcess
  tell(command: string): void
  ended(): Promise<void>
}

const viewer = agent('me')
const partition = tenantPartition(viewer)
let url: string
let store: Store
let database: pg.Client
const children: Child[] = []

async function start(serves: string): Promise<Child> {
  const child = spawn(process.execPath, [programOf('dbos-gateway'), url, serves], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const said: string[] = []
  createInterface({ input: child.stdout }).on('line', line => said.push(line))
  const started: Child = {
    said,
    process: child,
    tell: command => void child.stdin.write(`${command}\n`),
    ended: () => exited,
  }
  children.push(started)
  await vi.waitFor(() => expect(said).toContain('serves'), 30_000)
  return started
}

const release = (id: string): void => {
  for (const { process: child, tell } of children)
    if (child.exitCode === null && child.signalCode === null) tell(`release ${id}`)
}

const task = (id: string): Promise<StoredTask | undefined> => store.view.task({ partition, user: viewer.user, id })
const confirmed = (id: string): Promise<void> =>
  expect.poll(async () => task(id)).toMatchObject({ status: 'CONFIRMED', state: 'finished' })
const callsOf = (id: string, step: string, among: readonly Child[] = children): Child[] =>
  among.flatMap(child => child.said.filter(line => line === `calls ${step} ${id}`).map(() => child))

const newTask = (id: string, change: Partial<NewTask>): NewTask => ({
  partition,
  user: viewer.user,
  id,
  name: 'common',
  definitionVersion: 1,
  inputHash: 'h',
  args: { id },
  viewer: { user: viewer.user, tenant: viewer.tenant, roles: viewer.roles },
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
  ...change,
})

describe.skipIf(postgresMissing())('several gateways on one Postgres', () => {
  let a: Child
  let b: Child
  let c: Child

  beforeAll(async () => {
    url = await freshDatabase()
    store = postgres(url)
    await store.open()
    database = new pg.Client(url)
    await database.connect()
    ;[a, b, c] = await Promise.all([start('common'), start('common'), start('common,rare')])
  })
  afterAll(async () => {
    for (const child of children) child.process.kill('SIGKILL')
    await Promise.all(children.map(child => child.ended()))
    await store.close()
    await database.end()
    await dropDatabase(url)
  })

  it('a task that two of them are handed at once is walked once', async () => {
    for (const child of [a, b]) child.tell('take common once')
    for (const child of [a, b]) await expect.poll(() => child.said).toContain('took once')
    for (const child of [a, b]) child.tell('take common once')
    await expect.poll(() => callsOf('once', 'one').length).toBe(1)
    release('once')
    await confirmed('once')
    expect([callsOf('once', 'one').length, callsOf('once', 'two').length]).toEqual([1, 1])
  })

  it('a task that nobody began, and one whose turn nobody noticed, are found', async () => {
    for (const id of ['unbegun', 'unnoticed']) release(id)
    await store.write(partition, async unit => {
      await unit.takeTask(newTask('unbegun', {}))
      await unit.takeTask(newTask('unnoticed', { status: 'ACCEPTED', state: 'waiting' }))
    })
    await confirmed('unbegun')
    await confirmed('unnoticed')
  })

  it('one that freezes is taken for dead, and changes nothing when it wakes up', async () => {
    a.tell('take common frozen')
    await expect.poll(() => callsOf('frozen', 'one', [a]).length).toBe(1)
    a.process.kill('SIGSTOP')
    for (const child of [b, c]) child.tell('release frozen')
    await confirmed('frozen')
    expect(callsOf('frozen', 'one', [b, c]).length).toBe(1)
    const record = await store.view.record(partition, 'Task', `${viewer.user}/frozen`)
    a.process.kill('SIGCONT')
    a.tell('release frozen')
    // By the time it has done these it has come to the end of that step, too.
    for (const id of ['after', 'that']) {
      release(id)
      a.tell(`take common ${id}`)
      await confirmed(id)
    }
    expect(callsOf('frozen', 'two').length).toBe(1)
    expect(callsOf('frozen', 'two', [a])).toEqual([])
    expect(await store.view.record(partition, 'Task', `${viewer.user}/frozen`)).toEqual(record)
  })

  it('one that stops hands over what it is at before it ends', async () => {
    a.tell('take common handed')
    await expect.poll(() => callsOf('handed', 'one', [a]).length).toBe(1)
    const { rows: before } = await database.query('select id from layover.gateway')
    a.process.kill('SIGTERM')
    await a.ended()
    const { rows } = await database.query('select id from layover.gateway')
    expect(rows.length).toBe(before.length - 1)
    await expect.poll(() => callsOf('handed', 'one', [b, c]).length).toBe(1)
    release('handed')
    await confirmed('handed')
  })

  it('the tasks of one that is killed go on elsewhere, but never where their definition is missing', async () => {
    for (const [name, id] of [
      ['common', 'killed'],
      ['rare', 'left'],
    ]) {
      c.tell(`take ${name} ${id}`)
      await expect.poll(() => callsOf(`${id}`, 'one', [c]).length).toBe(1)
    }
    c.process.kill('SIGKILL')
    await c.ended()
    await expect.poll(() => callsOf('killed', 'one', [b]).length).toBe(1)
    for (const id of ['killed', 'left']) release(id)
    await confirmed('killed')
    const d = await start('common,rare')
    d.tell('release left')
    await confirmed('left')
    expect(callsOf('left', 'one', [d]).length).toBe(1)
    expect(callsOf('left', 'two', [d]).length).toBe(1)
    expect(b.said.filter(line => line.endsWith(' left'))).toEqual([])
  })

  it('finished workflows are purged', async () => {
    const left = async (): Promise<unknown[]> =>
      (await database.query('select workflow_uuid, status, queue_name from dbos.workflow_status')).rows
    await expect.poll(left).toEqual([])
  })
})
