/** What goes wrong in the peers must be a test here, under the sentence that says how it is with us: none may get lost. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const SENTENCES = [
  'keeps every waiting task across a restart in the middle of a replay',
  'treats false, 0, "" and null as edits like any other',
  "a reload in the middle of a replay still sends the server's id",
  'never sends a later task before an earlier one is settled, and deletes nothing before its answer',
  'a time-out, an abort and a booking number with 401 in it are all retried',
  'every tab can queue; another tab takes over when the sending one dies',
  'an upgrade never loses a queued task: it is migrated, or parked and exportable',
  'an expired token pauses the queue; nothing is dropped',
  'a lost answer leaves the task in doubt until the gateway says what became of it',
  '2,000 queued tasks leave in a few dozen requests',
  'a record that leaves the scope leaves the device with the next pull',
  'a pull during concurrent commits misses nothing',
  'a pull of many pages equals a pull of one',
  'a change of one entity writes one record; signing out leaves nothing behind',
  'a task that waits blocks only what depends on it',
  "after any error, with the network up, the queue empties without a user's hand",
  'squashes only tasks never attempted, never across a dependency',
  'a poison task is parked with its reason, and the rest goes on',
  'the outbox belongs to the user id, not to the token',
]

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Names of the tests of a file, each with those of the groups around it. */
function namesIn(path: string): string[] {
  const names: string[] = []
  const visit = (node: ts.Node, around: string): void => {
    let inside = around
    if (ts.isCallExpression(node)) {
      const called = node.expression.getText().split(/[.(]/)[0]
      const [name] = node.arguments
      if (name && ts.isStringLiteralLike(name) && called === 'describe') inside = `${around}${name.text} `
      if (name && ts.isStringLiteralLike(name) && (called === 'test' || called === 'it'))
        names.push(name.text, around + name.text)
    }
    ts.forEachChild(node, child => visit(child, inside))
  }
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true), '')
  return names
}

const names = new Set(
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.test.ts'))
    .flatMap(entry => namesIn(join(entry.parentPath, entry.name))),
)

it.each(SENTENCES)('there is a test: %s', sentence => {
  expect(names.has(sentence)).toBe(true)
})
