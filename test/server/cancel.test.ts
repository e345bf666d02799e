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
