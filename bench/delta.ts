/** Does a delta cost more because there are a million records beside it? `npm run bench:delta` */
import { KNOWN, lowest, median, OTHER, pageOf, pull, startGateway } from './support/gateway.ts'

const RECORDS = Number(process.env['RECORDS'] ?? 1_000_000)
const CHANGED = 100
const AGENTS = RECORDS / CHANGED
const ROUNDS = 40
const BATCH = 10
const TARGET_MS = 2

const gateway = await startGateway()
try {
  const wrong: string[] = []
  const lines: string[] = []
  const supervisor = await gateway.token({ user: 'chief', tenant: 'north', roles: ['supervisor'] })
  const agent = await gateway.token({ user: 'agent-7', tenant: 'north', roles: ['agent'] })

  const measure = async (name: string, count: number, ask: () => Promise<string>): Promise<number> => {
    const found = pageOf(await ask()).changed.length
    if (found !== count) wrong.push(`WRONG: ${name}: ${found} records, not ${count}`)
    for (let warm = 0; warm < BATCH * 5; warm += 1) await ask()
    const values: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await gateway.cpuMs()
      for (let each = 0; each < BATCH; each += 1) await ask()
      values.push(((await gateway.cpuMs()) - before) / BATCH)
    }
    lines.push(`${name.padEnd(58)} ${median(values).toFixed(2)} ms  (lowest ${lowest(values).toFixed(2)})`)
    return median(values)
  }
  const delta = (token: string, query: string, since: string): (() => Promise<string>) => {
    return () => gateway.post(token, query, { first: 1000, since })
  }
  /** Of a person who has everything. */
  const cursorOf = async (token: string): Promise<string> => {
    const [last] = (await pull(gateway, token, KNOWN, { first: 5000 })).slice(-1)
    return pageOf(last ?? '').cursor
  }

  // The same delta among few records, for comparison.
  await gateway.load(0, 1000, 10, 1)
  const fewCursor = await cursorOf(supervisor)
  await gateway.load(0, CHANGED, 10, 2)
  const few = await measure(`${CHANGED} changed of 1,000`, CHANGED, delta(supervisor, KNOWN, fewCursor))

  const loading = await gateway.cpuMs()
  await gateway.load(1000, RECORDS - 1000, AGENTS, 1)
  lines.push(`(loading ${RECORDS} records: ${((await gateway.cpuMs()) - loading).toFixed(0)} ms CPU)`)
  const cursor = await cursorOf(supervisor)
  await gateway.load(1000, CHANGED, AGENTS, 2)
  const many = await measure(`${CHANGED} changed of ${RECORDS}`, CHANGED, delta(supervisor, KNOWN, cursor))
  await measure('the same, executed normally', CHANGED, delta(supervisor, OTHER, cursor))
  const own = pageOf(await gateway.post(agent, KNOWN, { first: 1000 }))
  await measure(`everything of an agent with ${own.changed.length} of ${RECORDS}`, own.changed.length, () =>
    gateway.post(agent, KNOWN, { first: 1000 }),
  )
  await measure('nothing new for that agent', 0, delta(agent, KNOWN, own.cursor))
  lines.push(
    `among ${RECORDS} / among 1,000: ${(many / few).toFixed(2)}`,
    many <= TARGET_MS ? `target met: at most ${TARGET_MS} ms` : `TARGET MISSED: at most ${TARGET_MS} ms`,
    ...wrong,
  )
  process.stdout.write(`CPU of the gateway's process a pull, median of ${ROUNDS} times ${BATCH}\n${lines.join('\n')}\n`)
  process.exitCode = wrong.length === 0 ? 0 : 1
} finally {
  await gateway.close()
}
