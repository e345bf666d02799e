/** Users who replay documents over keep-alive connections, one each, in a process of its own. */
import { Agent, request } from 'node:http'
import { systemClock } from 'layover/protocol'
import { signToken } from 'layover/server'
import { aliasOf, variableOf } from '../../protocol/index.ts'
import { serveCommands } from './child.ts'
import { SECRET } from './notes-domain.ts'

export interface Load {
  /** The users are spread over these. */
  readonly urls: readonly string[]
  readonly kind: 'plain' | 'steps'
  readonly users: number
  readonly tenants: number
  /** A document. */
  readonly tasks: number
  /** So long new documents are sent. */
  readonly seconds: number
}

const TEXT = 'By the water, every spring: a note of about a hundred characters, as people write them on the way.'

function documentOf(kind: Load['kind'], tasks: number): string {
  const fields = Array.from({ length: tasks }, (_, index) => {
    const [task, id, text] = ['task', 'id', 'text'].map(name => variableOf(index, name))
    return kind === 'plain'
      ? {
          declared: `$${task}: TaskInput, $${id}: ID!, $${text}: String!`,
          field: `${aliasOf(index)}: writeNote(task: $${task}, id: $${id}, text: $${text}) { ...T note { id version text } }`,
        }
      : {
          declared: `$${task}: TaskInput, $${id}: ID!`,
          field: `${aliasOf(index)}: takeTrip(task: $${task}, id: $${id}) { ...T }`,
        }
  })
  return `mutation Replay(${fields.map(({ declared }) => declared).join(', ')}) { ${fields.map(({ field }) => field).join(' ')} }
  fragment T on TaskPayload { task { __typename id version status progress rejection { code message } } }`
}

let runs = 0

/** Resolves when the last document is answered: the milliseconds that each took. */
async function load({ urls, kind, users, tenants, tasks, seconds }: Load): Promise<number[]> {
  runs += 1
  const query = documentOf(kind, tasks)
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const documentMs: number[] = []
  const until = performance.now() + seconds * 1000

  async function user(index: number): Promise<void> {
    const name = `agent-${index}`
    const viewer = { user: name, tenant: `tenant-${index % tenants}`, roles: ['agent'] }
    const token = await signToken(viewer, SECRET, 36_000, systemClock.now())
    const url = new URL(urls[index % urls.length] ?? '')
    for (let round = 0; performance.now() < until; round += 1) {
      const variables = Object.fromEntries(
        Array.from({ length: tasks }, (_, place) => {
          const id = `${process.pid}-${runs}-${index}-${round}-${place}`
          return [
            [variableOf(place, 'task'), { id: `t-${id}`, client: `device-${index}`, sequence: round * tasks + place }],
            [variableOf(place, 'id'), `n-${id}`],
            ...(kind === 'plain' ? [[variableOf(place, 'text'), TEXT]] : []),
          ]
        }).flat(),
      )
      const start = performance.now()
      const text = await post(agent, url, token, JSON.stringify({ query, variables }))
      documentMs.push(performance.now() - start)
      const confirmed = text.split('"status":"CONFIRMED"').length - 1
      if (confirmed !== tasks) throw new Error(`only ${confirmed} of ${tasks} were confirmed: ${text.slice(0, 500)}`)
    }
  }

  await Promise.all(Array.from({ length: users }, (_, index) => user(index)))
  agent.destroy()
  return documentMs
}

function post(agent: Agent, { hostname, port }: URL, token: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const sent = request({ hostname, port, path: '/graphql', method: 'POST', agent, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

serveCommands({ load })
