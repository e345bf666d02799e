/** What cannot go on is parked with its reason, blocks only what depends on it, and obeys an operator. */
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { confirmed, defineTask, done, type PlainTask, rejected, type SagaTask, silentLog } from '../../server/index.ts'
import { layover } from '../support/command.ts'
import { fastClock } from '../support/fast-clock.ts'
import { gate, type SmallGateway, startSmallGateway } from '../support/small-gateway.ts'

interface Args {
  readonly id: string
}

const note = ({ id }: Args): { type: string; id: string }[] => [{ type: 'Note', id }]

/** As an operator does it, from another process, while the gateway runs. */
async function tell(word: 'resume' | 'undo', task: string, { file }: SmallGateway): Promise<void> {
  expect(await layover(['tasks', word, task, '--store', file])).toMatchObject({ code: 0, error: '' })
}

/** Waits for a gate, then writes the note. */
function slow(opened: Promise<void>): SagaTask<Args, Args> {
  return defineTask<Args, Args>('slow', {
    touches: note,
    prepare: async ({ id }) => ({ kind: 'plan', plan: { id } }),
    steps: [{ name: 'wait', timeoutMs: 1e9, run: async () => opened.then(() => done(null)) }],
    settle: async ({ id }, _, transaction) => {
      const written = await transaction.create('Note', id, { text: 'slow' })
      return written.kind === 'written' ? confirmed({}) : written
    },
  })
}

/** A plain task with a bug that can be mended. */
function buggy(): { task: PlainTask<Args>; mend(): void } {
  let isBroken = true
  const task = defineTask<Args>('buggy', {
    touches: note,
    run: async ({ id }, transaction) => {
      if (isBroken) throw new TypeError('a bug with a name@example.com in its text')
      const written = await transaction.update('Note', id, 1, { text: 'mended' })
      return written.kind === 'written' ? confirmed({}) : written
    },
  })
  return {
    task,
    mend: () => {
      isBroken = false
    },
  }
}

const edit = defineTask<Args>('edit', {
  touches: note,
  run: async ({ id }, transaction) => {
    const written = await transaction.update('Note', id, 2, { text: 'edited' })
    return written.kind === 'written' ? confirmed({}) : written
  },
})

const plain = defineTask<Args>('plain', {
  touches: note,
  run: async ({ id }, transaction) => {
    const written = await transaction.create('Note', id, { text: 'plain' })
    return written.kind === 'written' ? confirmed({}) : written
  },
})

/** One after the other on note n: a slow one, a buggy one, an edit; and one on another note. */
async function queueBehindABug(): Promise<{ small: SmallGateway; mend(): void }> {
  const { opened, open } = gate()
  const { task, mend } = buggy()
  const small = await startSmallGateway([slow(opened), task, edit, plain], { clock: fastClock(20) })
  await small.ask(`mutation {
    a: slow(task: { id: "s" }, id: "n") { task { id } }
    b: buggy(task: { id: "b" }, id: "n") { task { id } }
    c: edit(task: { id: "e", after: ["b"] }, id: "n") { task { id } }
  }`)
  open()
  await expect.poll(() => small.status('b')).toBe('PARKED')
  return { small, mend }
}

it('a waiting task whose code fails again and again is parked; what builds on it waits, and the rest goes on', async () => {
  const { small, mend } = await queueBehindABug()
  expect(await small.status('s')).toBe('CONFIRMED')
  expect(await small.status('e')).toBe('ACCEPTED')
  await small.ask('mutation { plain(task: { id: "p" }, id: "m") { task { id } } }')
  expect(await small.status('p')).toBe('CONFIRMED')

  await small.restart()
  await expect.poll(() => small.status('b')).toBe('PARKED')
  expect(await small.status('e')).toBe('ACCEPTED')

  mend()
  await tell('resume', 'b', small)
  await expect.poll(() => small.status('b')).toBe('CONFIRMED')
  await expect.poll(() => small.status('e')).toBe('CONFIRMED')
  await small.close()
})

it('an operator has a parked task undone: it is rejected, and so is what was built on it', async () => {
  const { small } = await queueBehindABug()
  await tell('undo', 'b', small)
  await expect.poll(() => small.status('e')).toBe('REJECTED')
  const { b, e } = await small.ask(
    '{ b: task(id: "b") { rejection { code } } e: task(id: "e") { status rejection { code failedTask } } }',
  )
  expect(b.rejection.code).toBe('UNDONE_BY_OPERATOR')
  expect(e).toEqual({ status: 'REJECTED', rejection: { code: 'DEPENDENCY_FAILED', failedTask: 'b' } })
  await small.close()
})

/** Two steps; the second is refused or hangs on, and the undo of the first works or not. */
function fragile(world: { isUndoDown: boolean; isSecondDown: boolean; undone: string[] }): SagaTask<Args, Args> {
  return defineTask<Args, Args>('fragile', {
    touches: note,
    parkAfterMs: 30 * 60_000,
    prepare: async ({ id }) => ({ kind: 'plan', plan: { id } }),
    steps: [
      {
        name: 'first',
        timeoutMs: 1e9,
        run: async () => done(1),
        undo: async (_, { key }) => {
          if (world.isUndoDown) throw new Error('the supplier is away')
          world.undone.push(key)
        },
      },
      {
        name: 'second',
        timeoutMs: 1e9,
        attempts: 'forever',
        run: async () => {
          if (world.isSecondDown) throw new Error('no answer')
          return rejected('SOLD_OUT', 'Nothing is left.')
        },
        undo: async (_, { key }) => {
          world.undone.push(key)
        },
      },
    ],
    settle: async () => confirmed({}),
  })
}

it('an undo that does not succeed is parked after its time, survives a restart, and ends once it is resumed', async () => {
  const world = { isUndoDown: true, isSecondDown: false, undone: [] as string[] }
  const small = await startSmallGateway([fragile(world)], { clock: fastClock(2000) })
  await small.ask('mutation { fragile(task: { id: "f" }, id: "n") { task { id } } }')
  await expect.poll(() => small.status('f')).toBe('PARKED')
  await small.restart()
  expect(await small.status('f')).toBe('PARKED')
  const { task } = await small.ask('{ task(id: "f") { progress steps { name status error } } }')
  expect(task.steps).toMatchObject([
    { name: 'first', status: 'UNDOING', error: 'NO_ANSWER' },
    { name: 'second', status: 'FAILED', error: 'SOLD_OUT' },
  ])
  world.isUndoDown = false
  await tell('resume', 'f', small)
  await expect.poll(() => small.status('f')).toBe('REJECTED')
  expect(world.undone).toEqual(['f:first'])
  expect((await small.ask('{ task(id: "f") { rejection { code } } }')).task.rejection.code).toBe('SOLD_OUT')
  await small.close()
})

it('a step that must happen is parked after its time, and an operator has everything undone, its own try too', async () => {
  const world = { isUndoDown: false, isSecondDown: true, undone: [] as string[] }
  const small = await startSmallGateway([fragile(world)], { clock: fastClock(2000) })
  await small.ask('mutation { fragile(task: { id: "f" }, id: "n") { task { id } } }')
  await expect.poll(() => small.status('f')).toBe('PARKED')
  await tell('undo', 'f', small)
  await expect.poll(() => small.status('f')).toBe('REJECTED')
  expect(world.undone).toEqual(['f:second', 'f:first'])
  expect((await small.ask('{ task(id: "f") { rejection { code } steps { status } } }')).task).toEqual({
    rejection: { code: 'UNDONE_BY_OPERATOR' },
    steps: [{ status: 'UNDONE' }, { status: 'UNDONE' }],
  })
  await small.close()
})

it('sent again while it is parked, a task stays parked and is answered so', async () => {
  const world = { isUndoDown: true, isSecondDown: false, undone: [] as string[] }
  const small = await startSmallGateway([fragile(world)], { clock: fastClock(2000) })
  const book = 'mutation { fragile(task: { id: "f" }, id: "n") { task { status } } }'
  await small.ask(book)
  await expect.poll(() => small.status('f')).toBe('PARKED')
  for (let round = 0; round < 7; round += 1) expect((await small.ask(book)).fragile.task.status).toBe('PARKED')
  expect(world.undone).toEqual([])
  world.isUndoDown = false
  await tell('resume', 'f', small)
  await expect.poll(() => small.status('f')).toBe('REJECTED')
  await small.close()
})

it('a task that could not be marked as parked is marked as soon as the store takes it', async () => {
  const world = { isUndoDown: true, isSecondDown: false, undone: [] as string[] }
  const refused: object[] = []
  const log = { ...silentLog, error: (fields: object) => void refused.push(fields) }
  const small = await startSmallGateway([fragile(world)], { clock: fastClock(2000), log })
  const database = new Database(small.file)
  database.exec(
    `create trigger full before update on task when new.status = 'PARKED' begin select raise(abort, 'no room'); end`,
  )
  await small.ask('mutation { fragile(task: { id: "f" }, id: "n") { task { id } } }')
  await expect.poll(() => refused.length).toBeGreaterThan(0)
  expect(await small.status('f')).toBe('RUNNING')
  database.exec('drop trigger full')
  database.close()
  await expect.poll(() => small.status('f')).toBe('PARKED')
  world.isUndoDown = false
  await tell('resume', 'f', small)
  await expect.poll(() => small.status('f')).toBe('REJECTED')
  await small.close()
})

it('what is confirmed is not undone, even if an earlier version did not get to note that it is', async () => {
  const undone: string[] = []
  const book = defineTask<Args, null>('book', {
    touches: note,
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: [{ name: 'room', run: async () => done(1), undo: async (_, { key }) => void undone.push(key) }],
    settle: async () => confirmed({}),
    afterwards: [{ name: 'mail', run: async () => done(null) }],
  })
  const small = await startSmallGateway([book], { clock: fastClock(200) })
  const database = new Database(small.file)
  const stored = (): unknown => database.prepare('select state, parked is not null as parked from task').get()
  database.exec(
    `create trigger full before insert on memo when new.key = 'mail 1' begin select raise(abort, 'no room'); end`,
  )
  await small.ask('mutation { book(task: { id: "b" }, id: "n") { task { id } } }')
  await expect.poll(stored).toEqual({ state: 'running', parked: 1 })
  database.exec(`drop trigger full; delete from memo where key = 'settle'`)
  await tell('undo', 'b', small)
  await expect.poll(stored).toEqual({ state: 'finished', parked: 0 })
  expect(await small.status('b')).toBe('CONFIRMED')
  expect(undone).toEqual([])
  database.close()
  await small.close()
})
