/** What a supervisor and a load balancer are told: live is the process, ready is the process and its store. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../protocol/index.ts'
import { storeProbe } from '../../server/observe/health.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import type { Store } from '../../server/store/store.ts'
import { startGatewayProcess, temporaryDataDir } from '../support/gateway-process.ts'
import { startWorld, temporaryDirectory } from '../support/world.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each()
})

const health = async (url: string, what: 'live' | 'ready'): Promise<[number, unknown]> => {
  const answer = await fetch(`${url}/health/${what}`)
  return [answer.status, await answer.json()]
}

it('a store that another process holds makes it unready, and its release makes it ready again', async () => {
  const directory = await temporaryDataDir()
  cleanUp.push(() => directory.remove())
  const gateway = await startGatewayProcess({ dataDir: directory.path })
  cleanUp.push(() => gateway.stop())
  expect(await health(gateway.url, 'ready')).toEqual([200, { status: 'ready' }])
  const other = new Database(join(directory.path, 'layover.db'))
  cleanUp.push(() => other.close())
  other.exec('begin immediate')
  await expect.poll(() => health(gateway.url, 'ready')).toEqual([503, { status: 'unavailable' }])
  expect(await health(gateway.url, 'live')).toEqual([200, { status: 'live' }])
  other.exec('rollback')
  await expect.poll(() => health(gateway.url, 'ready')).toEqual([200, { status: 'ready' }])
})

it('a gateway that stops is live and not ready', async () => {
  const world = await startWorld()
  cleanUp.push(() => world.close())
  expect(await world.served.gateway.ready()).toBe(true)
  const stopping = world.served.gateway.stop()
  expect(await health(world.url, 'ready')).toEqual([503, { status: 'unavailable' }])
  expect(await health(world.url, 'live')).toEqual([200, { status: 'live' }])
  await stopping
})

it('a write that waits for its turn too long counts as no answer', async () => {
  const directory = temporaryDirectory()
  cleanUp.push(() => directory.remove())
  const store = sqlite(join(directory.path, 'store.db'))
  await store.open()
  cleanUp.push(() => store.close())
  let release: () => void = () => undefined
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  const held = store.write('p', () => gate)
  const due: (() => void)[] = []
  const clock: Clock = {
    now: systemClock.now,
    after(_, run) {
      due.push(run)
      return () => undefined
    },
  }
  const answer = storeProbe(store, clock)()
  await expect.poll(() => due.length).toBe(1)
  due[0]?.()
  expect(await answer).toBe(false)
  release()
  await held
  expect(await storeProbe(store, systemClock)()).toBe(true)
})

it('however often it is asked, the store is asked once a second', async () => {
  let now = 0
  let asked = 0
  const store = {
    view: {
      async head() {
        asked += 1
        return 0
      },
    },
    write: async () => undefined,
  } as unknown as Store
  const probe = storeProbe(store, { ...systemClock, now: () => now })
  await Promise.all([probe(), probe(), probe()])
  now = 999
  await probe()
  expect(asked).toBe(1)
  now = 1000
  await probe()
  expect(asked).toBe(2)
})
