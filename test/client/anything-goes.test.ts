import { setTimeout } from 'node:timers/promises'
import { HttpLink } from '@apollo/client'
import { memoryStorage, type StorageDriver } from 'layover/client'
import { expect, test, vi } from 'vitest'
import type { Fault } from '../support/scripted-gateway.ts'
import { seeded } from '../support/seeded.ts'
import { CREATE, DELETE, ManualClock, newName, openNotes, shown, startGateway, UPDATE } from './notes-app.ts'

const FAULTS: (Fault | (() => Fault))[] = [
  { kind: 'cut-before' },
  { kind: 'cut-after' },
  { kind: 'truncate' },
  { kind: 'hang' },
  { kind: 'captive-portal' },
  { kind: 'gone-html' },
  { kind: 'status', status: 503, headers: { 'retry-after': '3' } },
  { kind: 'status', status: 401 },
  { kind: 'refuse', code: 'STORE_UNAVAILABLE' },
  { kind: 'refuse', code: 'UNAUTHENTICATED' },
  { kind: 'refuse', code: 'INTERNAL_SERVER_ERROR' },
  () => ({ kind: 'late-request', until: setTimeout(20) }),
  () => ({ kind: 'late-answer', until: setTimeout(20) }),
]

test.each(Array.from({ length: 12 }, (_each, index) => index + 1))(
  'whatever happens, every task ends in one final state, applied once and in order, and the device shows what the gateway holds: %i',
  async seed => {
    const chance = seeded(seed)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)]!
    const gateway = await startGateway()
    const clock = new ManualClock()
    let storage = memoryStorage()
    let device = { isAlive: true }
    const name = newName()
    const open = () => {
      const own = device
      const link = new HttpLink({
        uri: gateway.url,
        fetch: (uri, init) => (own.isAlive ? fetch(uri, init) : Promise.reject(new TypeError('dead'))),
      })
      const reauthenticate = async (): Promise<void> => undefined
      return openNotes(gateway, {
        name,
        storage,
        link,
        clock,
        tasksPerDocument: 4,
        answerWithinMs: 200,
        reauthenticate,
      })
    }
    let { client, cache, errors } = await open()
    // Time never stands still.
    const passing = setInterval(() => clock.advance(100), 1)
    const wanted: string[] = []
    const ids: string[] = []
    try {
      for (let step = 0; step < 40; step += 1) {
        const action = chance()
        if (action < 0.4) {
          const id = `n${step}`
          ids.push(id)
          wanted.push(await enqueued(client.mutate({ mutation: CREATE, variables: { input: { id, title: id } } })))
        } else if (action < 0.6 && ids.length > 0) {
          const variables = { id: pick(ids), baseVersion: 0, patch: { body: `b${step}`, count: step } }
          wanted.push(await enqueued(client.mutate({ mutation: UPDATE, variables })))
        } else if (action < 0.65 && ids.length > 0) {
          const [id] = ids.splice(Math.floor(chance() * ids.length), 1)
          wanted.push(await enqueued(client.mutate({ mutation: DELETE, variables: { id: id!, baseVersion: 0 } })))
        } else if (action < 0.85) {
          const fault = pick(FAULTS)
          gateway.fault(typeof fault === 'function' ? fault() : fault)
        } else if (action < 0.9) {
          client.connection.setMode(client.connection.mode === 'auto' ? 'offline' : 'auto')
        } else if (action < 0.95) {
          gateway.write({ id: `other${step}`, title: 'somebody else’s' })
        } else if (action < 0.975) {
          await client.close()
          ;({ client, cache, errors } = await open())
        } else {
          // Killed: what is in the storage at this moment is all that is left.
          device.isAlive = false
          device = { isAlive: true }
          storage = await copyOf(storage)
          ;({ client, cache, errors } = await open())
        }
      }
      client.connection.setMode('auto')
      await vi.waitFor(() => expect(client.outbox.entries).toEqual([]), { timeout: 20_000 })
      await vi.waitFor(() => client.sync.pull(), { timeout: 10_000 })
    } finally {
      clearInterval(passing)
    }
    expect(gateway.applied).toEqual(wanted)
    const held = [...gateway.notes.values()].map(
      note => `${note.id} ${note.title} ${note.body ?? null} ${note.count ?? null} ${note.version}`,
    )
    expect(
      shown(cache)
        ?.map(note => `${note.id} ${note.title} ${note.body} ${note.count} ${note.version}`)
        .sort(),
    ).toEqual(held.sort())
    expect(errors).toEqual([])
  },
)

async function enqueued(mutation: Promise<{ extensions?: Record<string, unknown> }>): Promise<string> {
  const { extensions } = await mutation
  return (extensions?.['layover'] as { id: string } | undefined)?.id ?? ''
}

async function copyOf(storage: StorageDriver): Promise<StorageDriver> {
  const copy = memoryStorage()
  for (const key of await storage.keys()) await copy.setItem(key, String(await storage.getItem(key)))
  return copy
}
