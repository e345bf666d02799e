/** The README's two quick starts are these files, to the letter, and together they do what the README says. */
import 'fake-indexeddb/auto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { gql } from '@apollo/client'
import { expect, it } from 'vitest'
import { ADD_NOTE, openNotes } from '../../examples/quick-start/client.ts'
import { agent, SECRET, temporaryDirectory, tokenFor, uuid } from '../support/world.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

it.each(['server', 'client'])('the %s in the README is the one in examples/quick-start', side => {
  expect(text('README.md')).toContain(`\`\`\`ts\n${text(`examples/quick-start/${side}.ts`)}\`\`\``)
})

it('a note written while the server is away arrives when it is there', async () => {
  const directory = temporaryDirectory()
  const environment = { ...process.env, AUTH_SECRET: SECRET, DATABASE: join(directory.path, 'notes.db') }
  const start = async (port: string): Promise<{ url: string; stop(): Promise<unknown> }> => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/quick-start/server.ts'], {
      cwd: root,
      env: { ...environment, PORT: port },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    return {
      url: line.replace('notes at ', ''),
      stop: () => {
        child.kill('SIGKILL')
        return once(child, 'exit')
      },
    }
  }
  const first = await start('0')
  const me = agent('me')
  const notes = await openNotes(`${first.url}/graphql`, await tokenFor(me), 'me')
  await notes.sync.pull()
  await first.stop()

  const id = uuid()
  const { data, extensions } = await notes.mutate({
    mutation: ADD_NOTE,
    variables: { id, text: 'written in a tunnel' },
  })
  expect(data?.addNote.note.text).toBe('written in a tunnel')
  expect(extensions?.['layover']).toMatchObject({ status: expect.stringMatching(/queued|in-doubt/) })
  const list = gql`query { notes { id version text } }`
  const shown = async (): Promise<unknown> => (await notes.query({ query: list, fetchPolicy: 'cache-only' })).data
  expect(await shown()).toMatchObject({ notes: [{ id, version: 0 }] })

  const second = await start(new URL(first.url).port)
  const task = (extensions?.['layover'] as { id: string } | undefined)?.id ?? ''
  expect(await notes.outbox.settled(task)).toMatchObject({ status: 'confirmed' })
  expect(await shown()).toMatchObject({ notes: [{ id, version: 1, text: 'written in a tunnel' }] })
  await notes.close()
  await second.stop()
  directory.remove()
})
