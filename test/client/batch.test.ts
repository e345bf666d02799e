import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { InMemoryCache } from '@apollo/client'
import { buildSchema, parse, print, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { answerOf, Batches } from '../../client/batch.ts'
import { Templates } from '../../client/templates.ts'

const PROTOCOL = readFileSync(fileURLToPath(new URL('../../protocol/gateway.graphql', import.meta.url)), 'utf8')
const schema = buildSchema(`${PROTOCOL}
  extend type Mutation { save(task: TaskInput, id: ID!, text: String): SavePayload  drop(task: TaskInput, id: ID!): SavePayload }
  type SavePayload implements TaskPayload { task: Task!  item(upper: Boolean): Item }
  type Item { id: ID!  text(upper: Boolean): String  parent: Item }
`)
const templates = new Templates(new InMemoryCache())

function merged(texts: string[], payload?: string) {
  const items = texts.map((text, index) => ({
    template: templates.get(text),
    variables: { task: { id: `t${index}` }, id: `i${index}` },
    payload,
  }))
  const { document, variables } = new Batches().merge(items)
  const text = print(document)
  expect(validate(schema, parse(text))).toEqual([])
  return { text, variables }
}

const SAVE = `mutation Save($task: TaskInput, $id: ID!, $text: String) {
  save(task: $task, id: $id, text: $text) { item { ...Parts } }
} fragment Parts on Item { id text }`

describe('many tasks in one document', () => {
  test('stand under fixed aliases, their values in variables only', () => {
    const { text, variables } = merged([SAVE, SAVE])
    expect(text).toContain('m0: save(task: $m0_task, id: $m0_id, text: $m0_text)')
    expect(text).toContain('m1: save(task: $m1_task, id: $m1_id, text: $m1_text)')
    expect(variables).toEqual({ m0_task: { id: 't0' }, m0_id: 'i0', m1_task: { id: 't1' }, m1_id: 'i1' })
  })

  test('ask for the task’s state whatever the application selects', () => {
    expect(
      merged(['mutation Drop($task: TaskInput, $id: ID!) { drop(task: $task, id: $id) { item { id } } }']).text,
    ).toMatch(/task \{\s+\.\.\.LayoverTask/)
  })

  test('share equal fragments, and one per kind once the payload’s type is known', () => {
    const { text } = merged(Array(20).fill(SAVE), 'SavePayload')
    expect(text.match(/fragment /g)).toHaveLength(3)
    expect(text.match(/\.\.\.SaveAnswer$/gm)).toHaveLength(20)
    expect(text.length).toBeLessThan(merged(Array(20).fill(SAVE)).text.length)
  })

  test('keep fragments apart that clash by name, through whatever spreads them', () => {
    const other = `mutation Other($task: TaskInput, $id: ID!) { save(task: $task, id: $id) { item { ...Outer } } }
      fragment Outer on Item { parent { ...Parts } } fragment Parts on Item { id }`
    const third = `mutation Third($task: TaskInput, $id: ID!) { save(task: $task, id: $id) { item { ...Outer } } }
      fragment Outer on Item { parent { ...Parts } } fragment Parts on Item { id text }`
    const { text } = merged([SAVE, other, third])
    expect(text).toContain('fragment m1_Parts on Item')
    expect(text).toMatch(/fragment m1_Outer on Item \{[^}]*\.\.\.m1_Parts/)
    expect(text).toMatch(/fragment Outer on Item \{[^}]*\.\.\.Parts/)
  })

  test('give each task a copy of a fragment that uses variables', () => {
    const upper = `mutation Upper($task: TaskInput, $id: ID!, $upper: Boolean = true) { save(task: $task, id: $id) { item(upper: $upper) { ...Outer } } }
      fragment Outer on Item { parent { ...Loud } } fragment Loud on Item { text(upper: $upper) }`
    const { text } = merged([upper, upper], 'SavePayload')
    expect(text).toContain('$m0_upper: Boolean = true')
    expect(text).toMatch(/fragment m1_Loud on Item \{\s+text\(upper: \$m1_upper\)/)
    expect(text).toMatch(/fragment m1_Outer on Item/)
  })

  test('equal queues give the same document object', () => {
    const batches = new Batches()
    const items = (id: string) => [{ template: templates.get(SAVE), variables: { id }, payload: undefined }]
    expect(batches.merge(items('a')).document).toBe(batches.merge(items('b')).document)
  })
})

test('each answer comes back to its task, with its errors', () => {
  const errors = [
    { message: 'x', path: ['m1', 'item', 'text'] },
    { message: 'y', path: ['m10'] },
  ]
  const data = { m0: { item: 0 }, m1: null }
  expect(answerOf(0, 'save', data, errors)).toEqual({ value: { item: 0 }, errors: [] })
  expect(answerOf(1, 'save', data, errors)).toEqual({
    value: null,
    errors: [{ message: 'x', path: ['save', 'item', 'text'] }],
  })
})
