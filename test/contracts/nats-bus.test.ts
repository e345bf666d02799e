import { connect } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'
import { systemClock, systemRandom } from '../../protocol/index.ts'
import { silentLog } from '../../server/log.ts'
import { natsBus } from '../../server/sync/nats-bus.ts'
import { natsMissing, startNats } from '../support/nats.ts'
import { busContract } from './bus.contract.ts'

describe.skipIf(natsMissing())('NATS', () => {
  busContract('NATS', async () => {
    const server = await startNats()
    let count = 0
    const watch = async () => {
      const connection = await connect({ servers: server.url, reconnect: false })
      connection.subscribe('layover.news', {
        callback(_error, message) {
          if (message.string().includes('"news":[{')) count += 1
        },
      })
      await connection.flush()
      return connection
    }
    let watcher = await watch()
    return {
      bus: () => natsBus(server.url),
      async goAway() {
        await server.crash()
      },
      async comeBack() {
        await server.start()
        watcher = await watch()
      },
      async shout(text) {
        watcher.publish('layover.news', text)
        await watcher.flush()
      },
      async passed() {
        await watcher.flush()
        const passed = count
        count = 0
        return passed
      },
      async remove() {
        await watcher.close()
        await server.stop()
      },
    }
  })

  it('user and password stand in the address, and any server of several will do', async () => {
    const server = await startNats(['--user', 'gate way', '--pass', 'p@ss'])
    const address = new URL(server.url)
    address.username = 'gate way'
    address.password = 'p@ss'
    const bus = natsBus(['nats://127.0.0.1:1', address.href])
    let listening = false
    await bus.start({
      hear: () => undefined,
      listening: () => {
        listening = true
      },
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    })
    await expect.poll(() => listening).toBe(true)
    await bus.close()
    await server.stop()
  })
})

it('an address or a subject that can be none is refused, with the setting that is wrong', () => {
  for (const servers of ['', 'localhost:4222', 'http://nats:4222', 'nats://a:4222,,nats://b:4222', 'nats://']) {
    expect(() => natsBus(servers), servers).toThrow('natsBus: servers must be addresses such as nats://host:4222')
  }
  for (const subject of ['', 'a..b', 'a.*', '>', 'a b']) {
    expect(() => natsBus('nats://a', { subject }), subject).toThrow('natsBus: subject must be words')
  }
})
