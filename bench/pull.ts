/** What does a pull of 10,000 records cost the gateway beyond what SQLite needs to read them? `npm run bench:pull` */
import { isDeepStrictEqual } from 'node:util'
import { type BenchGateway, KNOWN, lowest, median, OTHER, pageOf, pull, startGateway } from './support/gateway.ts'

const RECORDS = 10_000
const PAGE = 1_000
const ROUNDS = 15
const TARGET_MS = 20

const gateway = await startGateway()
try {
  await gateway.load(0, RECORDS, 1, 1)
  const token = await gateway.token({ user: 'chief', tenant: 'north', roles: ['supervisor'] })
  const wrong = await checked(gateway, token)
  const known: number[] = []
  const raw: number[] = []
  const normal: number[] = []
  // In turns, so that all three see the same machine.
  for (let round = 0; round < ROUNDS; round += 1) {
    known.push(await cpuOf(gateway, () => pull(gateway, token, KNOWN, { first: PAGE })))
    raw.push((await gateway.readRaw(PAGE, 0, null)).cpuMs)
    if (round % 3 === 0) normal.push(await cpuOf(gateway, () => pull(gateway, token, OTHER, { first: PAGE })))
  }
  const show = (name: string, values: readonly number[]): string =>
    `${name.padEnd(44)} ${median(values).toFixed(1).padStart(7)} ms  (lowest ${lowest(values).toFixed(1)})`
  if (process.env['EACH'] !== undefined) process.stdout.write(`${known.map(value => value.toFixed(1)).join(' ')}\n`)
  const beyond = known.map((value, round) => value - (raw[round] ?? 0))
  const lines = [
    `${RECORDS} records in pages of ${PAGE}, CPU of the gateway's process, median of ${ROUNDS}`,
    show('the known document', known),
    show("SQLite's own read, the same statement", raw),
    show(`beyond SQLite (target: at most ${TARGET_MS})`, beyond),
    show('normal execution of one field more', normal),
    `normal / known: ${(median(normal) / median(known)).toFixed(1)}, known / SQLite: ${(median(known) / median(raw)).toFixed(1)}`,
    median(beyond) <= TARGET_MS ? 'target met' : 'TARGET MISSED',
    ...wrong,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  // Times are told, not judged: a busy machine is no fault of the code.
  process.exitCode = wrong.length === 0 ? 0 : 1
} finally {
  await gateway.close()
}

/** What must be so in every run: number, bytes and equality of the two ways. */
async function checked(target: BenchGateway, token: string): Promise<string[]> {
  const fast = await pull(target, token, KNOWN, { first: PAGE })
  const slow = await pull(target, token, OTHER, { first: PAGE })
  const records = (texts: readonly string[]): unknown[] => texts.flatMap(text => pageOf(text).changed)
  const bytes = (texts: readonly string[]): number => Buffer.byteLength(JSON.stringify(records(texts)))
  const { rows } = await target.readRaw(PAGE, 0, null)
  process.stdout.write(`${bytes(fast)} bytes of records\n`)
  return [
    ...(records(fast).length === RECORDS && rows === RECORDS ? [] : ['WRONG: not every record came']),
    ...(bytes(fast) === bytes(slow) ? [] : ['WRONG: the two ways differ in bytes']),
    ...(isDeepStrictEqual(records(fast), records(slow)) ? [] : ['WRONG: the two ways differ']),
  ]
}

async function cpuOf(target: BenchGateway, work: () => Promise<unknown>): Promise<number> {
  const before = await target.cpuMs()
  await work()
  return (await target.cpuMs()) - before
}
