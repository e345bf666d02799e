import { parse } from 'graphql'
import { createOfflineClient, memoryStorage, task } from 'layover/client'
import { describe, expect, test } from 'vitest'
import { CREATE, notesCache } from './notes-app.ts'

describe('a document is not a task', () => {
  const refused: [string, string][] = [
    ['a query', 'query Q($task: TaskInput) { a(task: $task) { task { id } } }'],
    ['an anonymous mutation', 'mutation ($task: TaskInput) { a(task: $task) { task { id } } }'],
    ['two operations', 'mutation A($task: TaskInput) { a(task: $task) { x } } mutation B { b }'],
    ['two root fields', 'mutation A($task: TaskInput) { a(task: $task) { x } b(task: $task) { x } }'],
    [
      'a root field in a fragment',
      'mutation A($task: TaskInput) { ...F } fragment F on Mutation { a(task: $task) { x } }',
    ],
    ['without $task', 'mutation A($id: ID!) { a(id: $id) { x } }'],
    ['with a $task that is not passed on', 'mutation A($task: TaskInput) { a { x } }'],
    ['with a $task of another type', 'mutation A($task: ID) { a(task: $task) { x } }'],
    ['with a directive', 'mutation A($task: TaskInput, $on: Boolean!) { a(task: $task) @include(if: $on) { x } }'],
    ['without a selection', 'mutation A($task: TaskInput) { a(task: $task) }'],
    ['that hides the task', 'mutation A($task: TaskInput) { a(task: $task) { task: other { id } } }'],
    ['that hides the status', 'mutation A($task: TaskInput) { a(task: $task) { task { status: name } } }'],
  ]
  test.each(refused)('%s', (_name, text) => {
    expect(() => task(parse(text))).toThrow(expect.objectContaining({ code: 'DOCUMENT_NOT_A_TASK' }))
  })

  test('whose name is taken', async () => {
    const options = { cache: notesCache(), link: null as never, user: 'ann', storage: memoryStorage() }
    const twice = createOfflineClient({ ...options, tasks: [task(CREATE), task(CREATE)] })
    await expect(twice).rejects.toMatchObject({ code: 'DOCUMENT_NOT_A_TASK' })
    await expect(createOfflineClient({ ...options, tasks: [{ name: 'X' }] })).rejects.toMatchObject({
      code: 'UNKNOWN_TASK',
    })
  })
})

test('the message names the operation and the fix', () => {
  expect(() => task(parse('mutation Save($id: ID!) { save(id: $id) { x } }'))).toThrow(
    'Save cannot be queued: it must declare $task: TaskInput and pass it on: save(task: $task, …).',
  )
})
