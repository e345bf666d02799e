/** Data conflicts: two people edit one customer, field by field. */
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { confirmed, defineTask, type PlainTask, type TaskDefinition } from '../../server/index.ts'
import { startSmallGateway } from '../support/small-gateway.ts'
import {
  agent,
  CHANGES,
  CREATE_CUSTOMER,
  DELETE_CUSTOMER,
  newCustomer,
  RESOLVE,
  startWorld,
  supervisor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

let world: World
const me = agent('agent-a')
const boss = supervisor('chief')

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const edit = async (
  viewer: typeof me,
  id: string,
  baseVersion: number,
  patch: object,
  task: object = {},
): Promise<{
  task: Record<string, never> & { id: string; status: string; conflict: never; rejection: never; reconciliation: never }
  customer: never
}> => {
  const answer = await world.ask(viewer, UPDATE_CUSTOMER, { task: { id: uuid(), ...task }, id, baseVersion, patch })
  expect(answer.errors).toEqual([])
  return answer.data.updateCustomer
}
const resolve = async (
  conflictOf: string,
  decision: string,
  values?: object,
  theirsVersion?: number,
): Promise<{
  task: { status: string; rejection: { code: string } | null }
  resolved: { status: string; conflict: { theirs: object } | null } | null
}> =>
  (await world.ask(me, RESOLVE, { task: { id: uuid() }, conflictOf, decision, values, theirsVersion })).data
    .resolveConflict
const customer = async (id: string): Promise<Record<string, unknown> | null> =>
  (await world.ask(boss, `{ customer(id: "${id}") { name phone notes email version } }`)).data.customer

describe('an edit of what somebody else edited meanwhile', () => {
  it('merges when the fields differ, and says what came from the server', async () => {
    const id = await newCustomer(world, me)
    await edit(boss, id, 1, { phone: '2' })
    const { task } = await edit(me, id, 1, { notes: 'mine' })
    expect(task.status).toBe('CONFIRMED')
    expect(task.reconciliation).toMatchObject([{ field: 'phone', from: '1', to: '2', rule: 'MERGE' }])
    expect(await customer(id)).toMatchObject({ phone: '2', notes: 'mine', version: 3 })
  })

  it('is a conflict on the same field, with base, mine and theirs; nothing is written', async () => {
    const id = await newCustomer(world, me)
    await edit(boss, id, 1, { notes: 'theirs', phone: '2' })
    const { task, customer: shown } = await edit(me, id, 1, { notes: 'mine', name: 'New name' })
    expect(task.status).toBe('CONFLICT')
    expect(task.conflict).toMatchObject({
      type: 'Customer',
      id,
      fields: ['notes'],
      base: { notes: 'first', name: 'Harbour Rowing Club' },
      mine: { notes: 'mine', name: 'New name' },
      theirs: { notes: 'theirs', name: 'Harbour Rowing Club' },
      theirsVersion: 2,
      theirsBy: 'chief',
    })
    expect(shown).toMatchObject({ notes: 'theirs', version: 2 })
    expect(await customer(id)).toMatchObject({ notes: 'theirs', name: 'Harbour Rowing Club', version: 2 })
  })

  it('is no conflict when both came to the same value', async () => {
    const id = await newCustomer(world, me)
    await edit(boss, id, 1, { notes: 'agreed' })
    expect((await edit(me, id, 1, { notes: 'agreed' })).task.status).toBe('CONFIRMED')
  })

  it('treats false, 0, "" and null as edits like any other', async () => {
    for (const value of ['', null]) {
      const id = await newCustomer(world, me)
      await edit(boss, id, 1, { notes: 'theirs' })
      expect((await edit(me, id, 1, { notes: value })).task.status).toBe('CONFLICT')
      const other = await newCustomer(world, me)
      await edit(me, other, 1, { notes: value })
      expect(await customer(other)).toMatchObject({ notes: value })
    }
  })

  it('of a field that the same device edited before, in the same queue, is no conflict', async () => {
    const id = await newCustomer(world, me)
    await edit(me, id, 1, { notes: 'first edit' }, { client: 'device-1', sequence: 1 })
    expect((await edit(me, id, 1, { notes: 'second edit' }, { client: 'device-1', sequence: 2 })).task.status).toBe(
      'CONFIRMED',
    )
    expect((await edit(me, id, 1, { notes: 'elsewhere' }, { client: 'device-2', sequence: 1 })).task.status).toBe(
      'CONFLICT',
    )
    expect(await customer(id)).toMatchObject({ notes: 'second edit' })
  })
})

describe('a record that the device made itself and has not seen come back (baseVersion 0)', () => {
  it('is edited from what the device created; for anybody else 0 is no version', async () => {
    const id = uuid()
    const task = { id: uuid(), client: 'device-1', sequence: 1 }
    await world.ask(me, CREATE_CUSTOMER, { task, input: { id, name: 'New Club', notes: 'first' } })
    await edit(boss, id, 1, { phone: '2' })
    expect((await edit(me, id, 0, { notes: 'second' }, { client: 'device-1', sequence: 2 })).task.status).toBe(
      'CONFIRMED',
    )
    expect((await edit(me, id, 0, { notes: 'third' }, { client: 'device-2', sequence: 1 })).task).toMatchObject({
      status: 'REJECTED',
      rejection: { field: 'baseVersion' },
    })
    expect(await customer(id)).toMatchObject({ notes: 'second', phone: '2' })
  })
})

describe('deleting', () => {
  it('what somebody else edited meanwhile is a conflict, and so is editing what was deleted', async () => {
    const id = await newCustomer(world, me)
    await edit(boss, id, 1, { notes: 'important now' })
    const answer = await world.ask(me, DELETE_CUSTOMER, { task: { id: uuid() }, id, baseVersion: 1 })
    expect(answer.data.deleteCustomer.task).toMatchObject({
      status: 'CONFLICT',
      conflict: { fields: ['notes'], theirs: { notes: 'important now' } },
    })
    const gone = await newCustomer(world, me)
    await world.ask(boss, DELETE_CUSTOMER, { task: { id: uuid() }, id: gone, baseVersion: 1 })
    const { task } = await edit(me, gone, 1, { notes: 'mine' })
    expect(task).toMatchObject({ status: 'CONFLICT', conflict: { theirs: null, mine: { notes: 'mine' } } })
    expect((await resolve(task.id, 'KEEP_MINE')).task.status).toBe('CONFIRMED')
    expect(await customer(gone)).toMatchObject({ notes: 'mine', name: 'Harbour Rowing Club' })
  })
})

describe('a decision', () => {
  const conflict = async (): Promise<{ id: string; task: string }> => {
    const id = await newCustomer(world, me)
    await edit(boss, id, 1, { notes: 'theirs', phone: 'theirs' })
    return { id, task: (await edit(me, id, 1, { notes: 'mine', phone: 'mine' })).task.id }
  }

  it('to keep mine writes mine and confirms the task', async () => {
    const { id, task } = await conflict()
    const answer = await resolve(task, 'KEEP_MINE')
    expect(answer).toMatchObject({ task: { status: 'CONFIRMED' }, resolved: { status: 'CONFIRMED' } })
    expect(await customer(id)).toMatchObject({ notes: 'mine', phone: 'mine' })
  })

  it('to take theirs writes nothing and withdraws the task', async () => {
    const { id, task } = await conflict()
    expect(await resolve(task, 'TAKE_THEIRS')).toMatchObject({
      task: { status: 'CONFIRMED' },
      resolved: { status: 'CANCELLED' },
    })
    expect(await customer(id)).toMatchObject({ notes: 'theirs', phone: 'theirs', version: 2 })
  })

  it('to merge writes the values chosen, and only for fields of the task', async () => {
    const { id, task } = await conflict()
    expect((await resolve(task, 'MERGE', { ownerId: 'agent-b' })).task.rejection?.code).toBe('INVALID_INPUT')
    expect((await resolve(task, 'MERGE')).task.rejection?.code).toBe('INVALID_INPUT')
    await resolve(task, 'MERGE', { notes: 'both', phone: 'theirs' })
    expect(await customer(id)).toMatchObject({ notes: 'both', phone: 'theirs' })
  })

  it('about a record that was changed once more is rejected, and the conflict shows the newer state', async () => {
    const { id, task } = await conflict()
    await edit(boss, id, 2, { notes: 'newer' })
    const answer = await resolve(task, 'KEEP_MINE')
    expect(answer.task.rejection?.code).toBe('CONFLICT_CHANGED')
    const shown = (await world.ask(me, `{ task(id: "${task}") { status conflict { theirs theirsVersion } } }`)).data
      .task
    expect(shown).toMatchObject({ status: 'CONFLICT', conflict: { theirs: { notes: 'newer' }, theirsVersion: 3 } })
    expect((await resolve(task, 'KEEP_MINE')).task.status).toBe('CONFIRMED')
  })

  it('that waited in one outbox while another met a newer state is not taken for one about that', async () => {
    const { id, task } = await conflict()
    await edit(boss, id, 2, { notes: 'newer' })
    expect((await resolve(task, 'KEEP_MINE', undefined, 2)).task.rejection?.code).toBe('CONFLICT_CHANGED')
    expect((await resolve(task, 'KEEP_MINE', undefined, 2)).task.rejection?.code).toBe('CONFLICT_CHANGED')
    expect(await customer(id)).toMatchObject({ notes: 'newer' })
    expect((await resolve(task, 'KEEP_MINE', undefined, 3)).task.status).toBe('CONFIRMED')
  })

  it('about a record that was deleted after the person looked is rejected too, and brings nothing back', async () => {
    const { id, task } = await conflict()
    await world.ask(boss, DELETE_CUSTOMER, { task: { id: uuid() }, id, baseVersion: 2 })
    expect((await resolve(task, 'KEEP_MINE')).task.rejection?.code).toBe('CONFLICT_CHANGED')
    expect(await customer(id)).toBeNull()
    expect((await resolve(task, 'KEEP_MINE')).task.status).toBe('CONFIRMED')
    expect(await customer(id)).toMatchObject({ notes: 'mine', phone: 'mine' })
  })

  it('keeps what both had come to when somebody changes it afterwards: that is a conflict once more', async () => {
    const id = await newCustomer(world, me)
    await edit(boss, id, 1, { notes: 'theirs', phone: 'same' })
    const { task } = await edit(me, id, 1, { notes: 'mine', phone: 'same' })
    await edit(boss, id, 2, { phone: 'newer' })
    expect((await resolve(task.id, 'KEEP_MINE')).task.rejection?.code).toBe('CONFLICT_CHANGED')
    expect(await customer(id)).toMatchObject({ notes: 'theirs', phone: 'newer' })
    expect((await resolve(task.id, 'KEEP_MINE')).task.status).toBe('CONFIRMED')
    expect(await customer(id)).toMatchObject({ notes: 'mine', phone: 'same' })
  })

  it('about a record that went to somebody else can only be given up', async () => {
    const { id, task } = await conflict()
    await edit(boss, id, 2, { ownerId: 'agent-b' })
    expect((await resolve(task, 'KEEP_MINE')).task.rejection?.code).toBe('NOT_FOUND')
    expect(await customer(id)).toMatchObject({ notes: 'theirs', phone: 'theirs', version: 3 })
    expect((await resolve(task, 'TAKE_THEIRS')).resolved?.status).toBe('CANCELLED')
  })

  it("about somebody else's conflict, or none, is rejected", async () => {
    const { task } = await conflict()
    const foreign = await world.ask(agent('agent-z'), RESOLVE, {
      task: { id: uuid() },
      conflictOf: task,
      decision: 'KEEP_MINE',
    })
    expect(foreign.data.resolveConflict.task.rejection.code).toBe('NOT_FOUND')
    await resolve(task, 'TAKE_THEIRS')
    expect((await resolve(task, 'KEEP_MINE')).task.rejection?.code).toBe('NOT_IN_CONFLICT')
  })
})

it('the outcome of a conflict travels home by changes', async () => {
  const id = await newCustomer(world, me)
  await edit(boss, id, 1, { notes: 'theirs' })
  const since = (await world.ask(me, CHANGES)).data.changes.cursor
  const { task } = await edit(me, id, 1, { notes: 'mine' })
  const page = (await world.ask(me, CHANGES, { since })).data.changes
  expect(page.changed).toMatchObject([{ __typename: 'Task', id: task.id, status: 'CONFLICT' }])
})

it('several writes of one task to one record are one version, on which later edits build', async () => {
  const twice = defineTask<{ id: string }>('twice', {
    touches: ({ id }) => [{ type: 'Note', id }],
    run: async ({ id }, transaction) => {
      const known = await transaction.find('Note', id)
      const first =
        known === undefined
          ? await transaction.create('Note', id, { text: 'first' })
          : await transaction.update('Note', id, known.version, { text: 'first' })
      if (first.kind !== 'written') return first
      const second = await transaction.update('Note', id, first.entity.version, {
        text: `after ${first.entity.version}`,
      })
      return second.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : second
    },
  })
  const small = await startSmallGateway([twice])
  const write = async (task: string): Promise<unknown> =>
    (await small.ask(`mutation { twice(task: { id: "${task}" }, id: "n") { note { version text } } }`)).twice.note
  expect([await write('a'), await write('b'), await write('c')]).toEqual([
    { version: 1, text: 'after 1' },
    { version: 2, text: 'after 2' },
    { version: 3, text: 'after 3' },
  ])
  const database = new Database(small.file, { readonly: true })
  expect(database.prepare("select version from version where key = 'n' order by version").pluck().all()).toEqual([
    1, 2, 3,
  ])
  database.close()
  await small.close()
})

it('a conflict of the second write of one task is about the record as it is, and a decision writes both', async () => {
  const write = (name: string, ...patches: readonly object[]): TaskDefinition =>
    defineTask<{ id: string }>(name, {
      touches: ({ id }) => [{ type: 'Note', id }],
      run: async ({ id }, transaction) => {
        for (const patch of patches) {
          const written = await transaction.update('Note', id, 1, { ...patch })
          if (written.kind !== 'written') return written
        }
        return confirmed({ note: { type: 'Note', id } })
      },
    })
  const make = defineTask<{ id: string }>('make', {
    touches: ({ id }) => [{ type: 'Note', id }],
    run: async ({ id }, transaction) => {
      await transaction.create('Note', id, { text: 'first', tag: 'first' })
      return confirmed({ note: { type: 'Note', id } })
    },
  })
  const tasks = [make, write('theirs', { text: 'theirs' }), write('mine', { tag: 'mine' }, { text: 'mine' })]
  const small = await startSmallGateway(tasks)
  for (const name of ['make', 'theirs', 'mine']) {
    await small.ask(`mutation { ${name}(task: { id: "${name}" }, id: "n") { task { status } } }`)
  }
  const { task } = await small.ask('{ task(id: "mine") { status conflict { fields mine theirs theirsVersion } } }')
  expect(task).toEqual({
    status: 'CONFLICT',
    conflict: {
      fields: ['text'],
      mine: { tag: 'mine', text: 'mine' },
      theirs: { tag: 'first', text: 'theirs' },
      theirsVersion: 2,
    },
  })
  await small.ask('mutation { resolveConflict(conflictOf: "mine", decision: KEEP_MINE) { task { status } } }')
  expect(await small.status('mine')).toBe('CONFIRMED')
  const database = new Database(small.file, { readonly: true })
  const stored = database.prepare<[], string>("select entity from record where type = 'Note'").pluck().get()
  expect(JSON.parse(stored ?? '')).toMatchObject({ version: 3, text: 'mine', tag: 'mine' })
  database.close()
  await small.close()
})

it('a task that changed another record first is not half written by a decision: it can be given up and sent anew', async () => {
  const task = (name: string, run: PlainTask<{ id: string }>['run']): TaskDefinition =>
    defineTask<{ id: string }>(name, { touches: ({ id }) => [{ type: 'Note', id }], run })
  const small = await startSmallGateway([
    task('make', async ({ id }, transaction) => {
      await transaction.create('Note', 'other', { text: 'first' })
      await transaction.create('Note', id, { text: 'first' })
      return confirmed({})
    }),
    task('theirs', async ({ id }, transaction) => {
      const written = await transaction.update('Note', id, 1, { text: 'theirs' })
      return written.kind === 'written' ? confirmed({}) : written
    }),
    task('both', async ({ id }, transaction) => {
      for (const each of ['other', id]) {
        const written = await transaction.update('Note', each, 1, { text: 'mine' })
        if (written.kind !== 'written') return written
      }
      return confirmed({})
    }),
  ])
  for (const name of ['make', 'theirs', 'both']) {
    await small.ask(`mutation { ${name}(task: { id: "${name}" }, id: "n") { task { status } } }`)
  }
  const decide = async (decision: string): Promise<unknown> => {
    const document = `mutation { resolveConflict(conflictOf: "both", decision: ${decision}) { task { status rejection { field } } } }`
    return (await small.ask(document)).resolveConflict.task
  }
  expect(await small.status('both')).toBe('CONFLICT')
  expect(await decide('KEEP_MINE')).toEqual({ status: 'REJECTED', rejection: { field: 'decision' } })
  expect(await small.status('both')).toBe('CONFLICT')
  expect(await decide('TAKE_THEIRS')).toEqual({ status: 'CONFIRMED', rejection: null })
  expect(await small.status('both')).toBe('CANCELLED')
  await small.close()
})
