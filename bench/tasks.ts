/**
 * How many plain tasks a second does one gateway take, with every answer durable?
 *
 * Eight installations replay documents of 50 `createCustomer` tasks each, over HTTP, against the real gateway in a process
 * of its own (SQLite on disk, `synchronous=FULL`). Beside it, in the same run: what raw SQLite does with the same rows in
 * commits of the same size. `npm run bench:tasks`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { aliasOf, variableOf } from '../protocol/index.ts'
import { signToken } from '../server/index.ts'
import { startGatewayProcess } from './support/gateway-process.ts'

const INSTALLATIONS = 8
const TASKS = 50
const SECONDS = 8
const SECRET = 'a secret of the bench, long enough for it'
/** Records that one such task writes: the task, the customer, and the customer's version. */
const RECORDS = 3

const fields = Array.from({ length: TASKS }, (_, index) => {
  const [task, input] = [variableOf(index, 'task'), variableOf(index, 'input')]
  return {
    declared: `$${task}: TaskInput, $${input}: CreateCustomerInput!`,
    field: `${aliasOf(index)}: createCustomer(task: $${task}, input: $${input}) { ...T }`,
  }
})
const DOCUMENT = `mutation Replay(${fields.map(({ declared }) => declared).join(', ')}) { ${fields.map(({ field }) => field).join(' ')} }
fragment T on CustomerPayload {
  task { __typename id version status progress rejection { code message field } reconciliation { field rule } }
  customer { __typename id version updatedAt ownerId name email phone address notes }
}`

const now = (): number => performance.now()

async function replay(url: string, installation: number, until: number): Promise<number> {
  const viewer = { user: `agent-${installation}`, tenant: 'bench', roles: ['agent'] }
  const authorization = `Bearer ${await signToken(viewer, SECRET, 3600, Date.now())}`
  let done = 0
  for (let round = 0; now() < until; round += 1) {
    const variables = Object.fromEntries(
      fields.flatMap((_, index) => {
        const id = `${installation}-${round}-${index}-${process.pid}`
        return [
          [
            variableOf(index, 'task'),
            { id: `t-${id}`, client: `device-${installation}`, sequence: round * TASKS + index },
          ],
          [
            variableOf(index, 'input'),
            {
              id: `c-${id}`,
              name: 'Harbour Rowing Club',
              email: 'office@harbour.example',
              notes: 'By the water, every spring',
            },
          ],
        ]
      }),
    )
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query: DOCUMENT, variables }),
    })
    const { data, errors } = (await response.json()) as {
      data: Record<string, { task: { status: string } }>
      errors?: { message: string }[]
    }
    if (errors !== undefined) throw new Error(errors[0]?.message)
    const confirmed = Object.values(data).filter(({ task }) => task.status === 'CONFIRMED').length
    if (confirmed !== TASKS) throw new Error(`only ${confirmed} of ${TASKS} were confirmed`)
    done += confirmed
  }
  return done
}

/** Rows of the same size in commits of as many tasks as installations, each in a savepoint of its own. */
function raw(file: string, seconds: number): number {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec('create table record (key text primary key, change integer, entity text) without rowid')
  const insert = database.prepare('insert into record values (?, ?, ?)')
  const text = 'x'.repeat(400)
  const until = now() + seconds * 1000
  let tasks = 0
  while (now() < until) {
    database.exec('begin immediate')
    for (let unit = 0; unit < INSTALLATIONS; unit += 1) {
      database.exec('savepoint unit')
      for (let row = 0; row < RECORDS; row += 1) insert.run(`${tasks}-${row}`, tasks, text)
      database.exec('release unit')
      tasks += 1
    }
    database.exec('commit')
  }
  database.close()
  return tasks / seconds
}

const directory = mkdtempSync(join(tmpdir(), 'layover-bench-'))
const gateway = await startGatewayProcess({
  DATA_DIR: directory,
  AUTH_SECRET: SECRET,
  LOG_LEVEL: 'error',
  TASK_RATE_LIMIT: '1000000/1000000',
  RATE_LIMIT: '1000000/1000000',
})
try {
  await Promise.all(Array.from({ length: INSTALLATIONS }, (_, index) => replay(gateway.url, index + 100, now() + 2000)))
  const rawBefore = raw(join(directory, 'raw-before.db'), 2)
  const begin = now()
  const cpuBefore = gateway.cpuMs()
  const counts = await Promise.all(
    Array.from({ length: INSTALLATIONS }, (_, index) => replay(gateway.url, index, begin + SECONDS * 1000)),
  )
  const seconds = (now() - begin) / 1000
  const tasks = counts.reduce((sum, count) => sum + count, 0)
  const cpu = gateway.cpuMs() - cpuBefore
  const rawAfter = raw(join(directory, 'raw-after.db'), 2)
  const rawRate = (rawBefore + rawAfter) / 2
  const rate = tasks / seconds
  process.stdout.write(
    [
      `plain tasks, ${INSTALLATIONS} installations, documents of ${TASKS}, synchronous=FULL`,
      `  gateway     ${Math.round(rate)} tasks/s (${tasks} in ${seconds.toFixed(1)} s), CPU ${((cpu * 1000) / tasks).toFixed(0)} µs a task`,
      `  raw SQLite  ${Math.round(rawRate)} tasks/s of ${RECORDS} rows in commits of ${INSTALLATIONS} (before ${Math.round(rawBefore)}, after ${Math.round(rawAfter)})`,
      `  ratio       ${(rate / rawRate).toFixed(2)}`,
      '',
    ].join('\n'),
  )
} finally {
  await gateway.stop()
  rmSync(directory, { recursive: true, force: true })
}
