/** `cancelTask` withdraws what has not started, and nothing else. */
import { expect, it } from 'vitest'
import { confirmed, defineTask, done } from '../../server/index.ts'
import { gate, startSmallGateway } from '../support/small-gateway.ts'
import { agent } from '../support/world.ts'

interface Args {
  readonly id: string
}

const note = ({ id }: Args): { type: string; id: string }[] => [{ type: 'Note', id }]
const { opened, open } = gate()
const slow = defineTask<Args, null>('slow', {
  touches: note,
  prepare: async () => ({ kind: 'plan', plan: null }),
  steps: [{ name: 'wait', timeoutMs: 1e9, run: async () => opened.then(() => done(null)) }],
  settle: async () => confirmed({}),
})
const create = defineTask<Args>('create', {
  touches: note,
  run: async ({ id }, transaction) => {
    const written = await transaction.create('Note', id, { text: 'made' })
    return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
  },
})

it('withdraws what waits, leaves what runs, and keeps out what has not come yet', async () => {
  const small = await startSmallGateway([slow, create])
  const cancel = async (id: string): Promise<string> =>
    (await small.ask(`mutation { cancelTask(id: "${id}") { task { status } } }`)).cancelTask.task.status
  await small.ask(`mutation {
    a: slow(task: { id: "running" }, id: "n") { task { id } }
    b: create(task: { id: "waiting" }, id: "n") { task { id } }
    c: create(task: { id: "builds-on", after: ["waiting"] }, id: "m") { task { id } }
    d: create(task: { id: "beside" }, id: "o") { task { id } }
  }`)

  expect(await cancel('waiting')).toBe('CANCELLED')
  await expect.poll(() => small.status('builds-on')).toBe('REJECTED')
  const { task } = await small.ask('{ task(id: "builds-on") { rejection { code failedTask } } }')
  expect(task.rejection).toEqual({ code: 'DEPENDENCY_FAILED', failedTask: 'waiting' })
  expect(await cancel('running')).toBe('RUNNING')
  expect(await cancel('beside')).toBe('CONFIRMED')
  expect(await cancel('waiting')).toBe('CANCELLED')

  expect(await cancel('lost-on-the-way')).toBe('CANCELLED')
  const late = await small.ask(
    'mutation { create(task: { id: "lost-on-the-way" }, id: "x") { task { status } note { id } } }',
  )
  expect(late.create).toEqual({ task: { status: 'CANCELLED' }, note: null })
  const other = await small.ask(
    'mutation { create(task: { id: "lost-on-the-way" }, id: "y") { task { status } } }',
    agent('somebody-else'),
  )
  expect(other.create.task.status).toBe('CONFIRMED')

  open()
  await expect.poll(() => small.status('running')).toBe('CONFIRMED')
  const { changes } = await small.ask('{ changes(scopes: [{ type: "Note" }]) { changed { id } } }')
  expect(changes.changed).toEqual([{ id: 'o' }, { id: 'y' }])
  await expect(cancel('no id!')).rejects.toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'id' } })
  await small.close()
})

it('what waited behind a withdrawn task does not overtake the one before it', async () => {
  const { opened: ended, open: end } = gate()
  const first = defineTask<Args, null>('first', {
    touches: note,
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: [{ name: 'wait', timeoutMs: 1e9, run: async () => ended.then(() => done(null)) }],
    settle: async (_, __, transaction) => {
      const written = await transaction.create('Note', 'n', { text: 'first' })
      return written.kind === 'written' ? confirmed({}) : written
    },
  })
  const look = defineTask<Args>('look', {
    touches: () => [],
    reads: note,
    run: async ({ id }, transaction) =>
      confirmed({ note: (await transaction.find('Note', id)) === undefined ? null : { type: 'Note', id } }),
  })
  const small = await startSmallGateway([first, create, look])
  await small.ask(`mutation {
    a: first(task: { id: "first" }, id: "n") { task { id } }
    b: create(task: { id: "second" }, id: "n") { task { id } }
    c: create(task: { id: "third" }, id: "n") { task { id } }
    d: look(task: { id: "fourth" }, id: "n") { task { id } }
  }`)
  for (const id of ['second', 'third']) await small.ask(`mutation { cancelTask(id: "${id}") { task { id } } }`)
  expect(await small.status('fourth')).toBe('ACCEPTED')
  await small.restart()
  expect(await small.status('fourth')).toBe('ACCEPTED')
  end()
  await expect.poll(() => small.status('fourth')).toBe('CONFIRMED')
  const again = await small.ask('mutation { look(task: { id: "fourth" }, id: "n") { note { id } } }')
  expect(again.look.note).toEqual({ id: 'n' })
  expect([await small.status('second'), await small.status('third')]).toEqual(['CANCELLED', 'CANCELLED'])
  await small.close()
})

it('a task is told as settled once, however often it is cancelled and whatever it waited for', async () => {
  const { opened: ended, open: end } = gate()
  const first = defineTask<Args, null>('first', {
    touches: note,
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: [{ name: 'wait', timeoutMs: 1e9, run: async () => ended.then(() => done(null)) }],
    settle: async () => confirmed({}),
  })
  const told: string[] = []
  const observers = [
    { taskSettled: ({ name, status }: { name: string; status: string }) => void told.push(`${name} ${status}`) },
  ]
  const small = await startSmallGateway([first, create], { observers })
  await small.ask(`mutation {
    a: first(task: { id: "first" }, id: "n") { task { id } }
    b: create(task: { id: "second" }, id: "n") { task { id } }
    c: create(task: { id: "third" }, id: "n") { task { id } }
  }`)
  for (let time = 0; time < 2; time += 1) await small.ask('mutation { cancelTask(id: "second") { task { id } } }')
  end()
  await expect.poll(() => small.status('third')).toBe('CONFIRMED')
  await small.close()
  expect(told.sort()).toEqual(['create CANCELLED', 'create CONFIRMED', 'first CONFIRMED'])
})
