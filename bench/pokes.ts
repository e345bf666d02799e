/**
 * What does it cost a gateway to tell 5,000 subscribers of one commit, and to have them? Beside it, in the same process and
 * run: as many bare `ws` sockets that are sent one ready frame, and the same subscription with an alias, which is executed
 * for each poke. Either process holds twice as many sockets as there are subscribers: Node takes as many open files as
 * `ulimit -Hn` allows. `npm run bench:pokes`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from './support/child.ts'
import { print, spread } from './support/figures.ts'

const SUBSCRIBERS = Number(process.env['SUBSCRIBERS'] ?? 5000)
const ROUNDS = 12
/** Not counted: code that is still being compiled. */
const WARM = 3
const TARGET_US = 25
/** Roles of theirs see their own records and the offers. */
const ROLES = ['agent']

const PLAIN = 'subscription ChangesAvailable { changesAvailable { at __typename } }'
const ALIASED = 'subscription ChangesAvailable { changesAvailable { time: at __typename } }'

interface Memory {
  readonly resident: number
  readonly heap: number
}

const directory = mkdtempSync(join(tmpdir(), 'layover-bench-'))
const gateway = await startChild('gateway-child', [join(directory, 'bench.db')], ['--expose-gc'])
const holder = await startChild('subscribers-child')

try {
  const url = await gateway.call<string>('address')
  const cpuMs = (): Promise<number> => gateway.call('cpuMs')
  const tokens: string[] = []
  for (let index = 0; index < SUBSCRIBERS; index += 1) {
    tokens.push(await gateway.call('token', { user: `agent-${index}`, tenant: 'north', roles: ROLES }))
  }
  let offers = 0
  const commit = (): Promise<unknown> => {
    offers += 1
    return gateway.call('offer', `Hotel ${offers}`)
  }

  interface Told {
    readonly cpuUs: number[]
    readonly lastMs: number[]
  }

  /** CPU of the gateway in microseconds a subscriber, and when the last had heard, per round. */
  async function rounds(group: string, tell: () => Promise<unknown>, each = SUBSCRIBERS): Promise<Told> {
    const told: Told = { cpuUs: [], lastMs: [] }
    for (let round = 0; round < ROUNDS + WARM; round += 1) {
      const heard = await holder.call<number>('count', group)
      const [start, cpu] = [performance.now(), await cpuMs()]
      await tell()
      await holder.call('hear', group, heard + each)
      if (round < WARM) continue
      told.lastMs.push(performance.now() - start)
      told.cpuUs.push((((await cpuMs()) - cpu) * 1000) / SUBSCRIBERS)
    }
    return told
  }

  // The first of everything is paid before the memory is looked at.
  await holder.call('open', 'warm', url, tokens.slice(0, 100))
  await holder.call('subscribe', 'warm', PLAIN)
  const before = await gateway.call<Memory>('memory')
  await holder.call('open', 'subscribers', url, tokens)
  await holder.call('subscribe', 'subscribers', PLAIN)
  const idle = await gateway.call<Memory>('memory')
  const kib = (name: keyof Memory): string => ((idle[name] - before[name]) / SUBSCRIBERS / 1024).toFixed(1)

  const plain = await rounds('subscribers', commit)
  const asked = await rounds('subscribers', () => gateway.call('load', 0, 1, SUBSCRIBERS, offers++), 1)
  const bareUrl = await gateway.call<string>('openBare')
  await holder.call('open', 'bare', bareUrl, new Array(SUBSCRIBERS).fill(''))
  const bare = await rounds('bare', () => gateway.call('tellBare'))
  const again = await rounds('subscribers', commit)
  await holder.call('subscribe', 'subscribers', ALIASED)
  const executed = await rounds('subscribers', commit)

  const cpu = ({ cpuUs }: Told): string => spread(cpuUs, 'µs')
  print(`${SUBSCRIBERS} subscribers, CPU of the gateway's process for each of them, median of ${ROUNDS} commits`, [
    [`the plain subscription (target: at most ${TARGET_US} µs)`, cpu(plain)],
    ['the same once more, after the bare sockets', cpu(again)],
    ['bare ws sockets, one ready frame', cpu(bare)],
    ['executed for each poke (an alias)', cpu(executed)],
    ['a commit of which one of them is told', spread(asked.cpuUs, 'µs', 2)],
    ['the last has heard, plain', spread(plain.lastMs)],
    ['the last has heard, bare', spread(bare.lastMs)],
    ['memory of an idle subscriber', `${kib('resident')} KiB resident, of which ${kib('heap')} KiB JavaScript heap`],
  ])
} finally {
  await Promise.all([holder.close(), gateway.close()])
  rmSync(directory, { recursive: true, force: true })
}
