/** A deploy finishes what the old version began, by the old version's steps. */
import { expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { confirmed, defineTask, done, type SagaTask } from '../../server/index.ts'
import { gate, startSmallGateway } from '../support/small-gateway.ts'

interface Args {
  readonly id: string
}

function write(version: number, text: string, opened: Promise<void>): SagaTask<Args, Args> {
  return defineTask<Args, Args>('write', {
    version,
    touches: ({ id }) => [{ type: 'Note', id }],
    prepare: async ({ id }) => ({ kind: 'plan', plan: { id } }),
    steps: [
      { name: 'wait', timeoutMs: 1e9, run: async (_, { signal }) => held(opened, signal) },
      ...(version > 1 ? [{ name: 'more', run: async () => done(null) }] : []),
    ],
    settle: async ({ id }, _, transaction) => {
      const written = await transaction.create('Note', id, { text })
      return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
    },
  })
}

function held(opened: Promise<void>, signal: AbortSignal): Promise<{ kind: 'done'; value: unknown }> {
  return new Promise((resolve, reject) => {
    opened.then(() => resolve({ kind: 'done', value: null }))
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

const writing = (id: string): string => `mutation { write(task: { id: "${id}" }, id: "${id}") { task { status } } }`

it('a task begun by version 1 ends by version 1 beside version 2, which serves whatever is new', async () => {
  const { opened, open } = gate()
  const small = await startSmallGateway([write(1, 'by version 1', opened)])
  await small.ask(writing('old'))
  expect(await small.status('old')).toBe('RUNNING')

  await small.restart([write(2, 'by version 2', Promise.resolve())])
  expect(await small.status('old')).toBe('RUNNING')

  await small.restart([write(2, 'by version 2', Promise.resolve()), write(1, 'by version 1', opened)])
  open()
  await expect.poll(() => small.status('old')).toBe('CONFIRMED')
  await small.ask(writing('new'))
  await expect.poll(() => small.status('new')).toBe('CONFIRMED')
  const { old, fresh } = await small.ask(
    '{ old: task(id: "old") { steps { name } } fresh: task(id: "new") { steps { name } } }',
  )
  expect(old.steps).toEqual([{ name: 'wait' }])
  expect(fresh.steps).toEqual([{ name: 'wait' }, { name: 'more' }])
  const notes = await small.ask('{ changes { changed { id ... on Note { text } } } }')
  expect(notes.changes.changed).toEqual(
    expect.arrayContaining([
      { id: 'old', text: 'by version 1' },
      { id: 'new', text: 'by version 2' },
    ]),
  )
  await small.close()
})

it('deploys that cut a step off time and again do not park the task', async () => {
  const { opened, open } = gate()
  const small = await startSmallGateway([write(1, 'at last', opened)])
  await small.ask(writing('old'))
  for (let deploys = 0; deploys < 8; deploys += 1) await small.restart()
  expect(await small.status('old')).toBe('RUNNING')
  open()
  await expect.poll(() => small.status('old')).toBe('CONFIRMED')
  await small.close()
})

it('a task that has not made it by its deadline is undone and rejected', async () => {
  const undone: string[] = []
  const late = defineTask<Args, null>('late', {
    touches: () => [],
    deadlineMs: 300,
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: [
      {
        name: 'first',
        run: async () => done(1),
        undo: async (_, { key }) => {
          undone.push(key)
        },
      },
      {
        name: 'second',
        attempts: 1000,
        firstRetryMs: 10,
        run: async () => Promise.reject(new Error('no answer')),
        undo: async (_, { key }) => {
          undone.push(key)
        },
      },
    ],
    settle: async () => confirmed({}),
  })
  const small = await startSmallGateway([late])
  await small.ask('mutation { late(task: { id: "l" }, id: "n") { task { id } } }')
  await expect.poll(() => small.status('l')).toBe('REJECTED')
  expect(undone).toEqual(['l:second', 'l:first'])
  const { task } = await small.ask('{ task(id: "l") { rejection { code message } steps { name status } } }')
  expect(task.rejection).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('longer than it may') })
  expect(task.steps.map(({ status }: { status: string }) => status)).toEqual(['UNDONE', 'UNDONE'])
  await small.close()
})

it('a task whose definition is missing waits for it, however often it is sent again: it is not parked', async () => {
  const { opened, open } = gate()
  const small = await startSmallGateway([write(1, 'at last', opened)])
  await small.ask(writing('old'))
  await small.restart([write(2, 'by version 2', opened)])
  for (let time = 0; time < 40; time += 1) {
    expect((await small.ask(writing('old'))).write.task.status).toBe('RUNNING')
  }
  await small.restart()
  open()
  await expect.poll(() => small.status('old')).toBe('CONFIRMED')
  await small.close()
})

it('a gateway that was away beyond the deadline of a task tries nothing more of it, and undoes it', async () => {
  let awayMs = 0
  const clock = { now: () => systemClock.now() + awayMs, after: systemClock.after }
  const { opened, open } = gate()
  const calls: string[] = []
  const late = defineTask<Args, null>('late', {
    touches: () => [],
    deadlineMs: 60_000,
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: ['first', 'second'].map(name => ({
      name,
      timeoutMs: 1e9,
      run: async (_, { signal }) => {
        calls.push(name)
        return name === 'first' ? done(null) : held(opened, signal)
      },
      undo: async () => void calls.push(`undo ${name}`),
    })),
    settle: async () => confirmed({}),
  })
  const small = await startSmallGateway([late], { clock })
  await small.ask('mutation { late(task: { id: "l" }, id: "n") { task { id } } }')
  await expect.poll(() => calls).toEqual(['first', 'second'])
  await small.gateway.stop()
  awayMs = 60 * 60_000
  open()
  await small.restart()
  await expect.poll(() => small.status('l')).toBe('REJECTED')
  expect(calls).toEqual(['first', 'second', 'undo second', 'undo first'])
  await small.close()
})

it('a task whose last step was done too late is not confirmed', async () => {
  let goneMs = 0
  const clock = { now: () => systemClock.now() + goneMs, after: systemClock.after }
  const undone: string[] = []
  const late = defineTask<Args, null>('late', {
    touches: () => [],
    deadlineMs: 60_000,
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: [
      {
        name: 'only',
        run: async () => {
          goneMs = 60_000
          return done(null)
        },
        undo: async (_, { key }) => void undone.push(key),
      },
    ],
    settle: async () => confirmed({}),
  })
  const small = await startSmallGateway([late], { clock })
  await small.ask('mutation { late(task: { id: "l" }, id: "n") { task { id } } }')
  await expect.poll(() => small.status('l')).toBe('REJECTED')
  expect(undone).toEqual(['l:only'])
  await small.close()
})

it('a step whose name could be taken for a record of another is refused when it is defined', () => {
  const named = (name: string): (() => unknown) => {
    const steps = [{ name, run: async () => done(null) }]
    const prepare = async (): Promise<{ kind: 'plan'; plan: null }> => ({ kind: 'plan', plan: null })
    return () => defineTask<Args, null>('odd', { touches: () => [], prepare, steps, settle: async () => confirmed({}) })
  }
  for (const name of ['hotel undo', '', 'a:b', 'x'.repeat(65)]) expect(named(name)).toThrow(/is no name of a step/)
  for (const name of ['hotel', 'step_2', 'give-back']) expect(named(name)).not.toThrow()
})
