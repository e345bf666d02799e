/** Many sockets in a process of their own, so that their CPU is not the gateway's. Driven over IPC by `pokes.ts`. */
import { WebSocket } from 'ws'
import { serveCommands } from './child.ts'

/** Opened at the same time. */
const AT_ONCE = 100

const sockets = new Map<string, WebSocket[]>()
const heard = new Map<string, number>()
let operations = 0
let look = (): void => undefined

async function open(group: string, url: string, tokens: readonly string[]): Promise<void> {
  sockets.set(group, [])
  for (let start = 0; start < tokens.length; start += AT_ONCE) {
    await Promise.all(tokens.slice(start, start + AT_ONCE).map(token => openOne(group, url, token)))
  }
}

/** Without a token it is a bare socket. */
async function openOne(group: string, url: string, token: string): Promise<void> {
  const address = url.replace('http', 'ws')
  const socket = token === '' ? new WebSocket(address) : new WebSocket(`${address}/graphql`, 'graphql-transport-ws')
  sockets.get(group)?.push(socket)
  const acknowledged = new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', data => {
      if (String(data).includes('"connection_ack"')) return resolve()
      heard.set(group, (heard.get(group) ?? 0) + 1)
      look()
    })
  })
  await new Promise(resolve => socket.once('open', resolve))
  if (token === '') return
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }))
  await acknowledged
}

/** In place of what each of them had subscribed to. The answers to `{ __typename }` say that it has been done. */
async function subscribe(group: string, query: string): Promise<void> {
  const members = sockets.get(group) ?? []
  const before = heard.get(group) ?? 0
  operations += 1
  for (const socket of members) {
    socket.send(JSON.stringify({ type: 'complete', id: `${operations - 1}` }))
    socket.send(JSON.stringify({ type: 'subscribe', id: `${operations}`, payload: { query } }))
    socket.send(JSON.stringify({ type: 'subscribe', id: 'last', payload: { query: '{ __typename }' } }))
  }
  // Its answer, and that it was the last.
  await hear(group, before + members.length * 2)
}

/** Resolves when so many messages have come to the group, counted from its opening. */
function hear(group: string, count: number): Promise<number> {
  return new Promise(resolve => {
    look = () => {
      const now = heard.get(group) ?? 0
      if (now >= count) resolve(now)
    }
    look()
  })
}

const count = (group: string): number => heard.get(group) ?? 0

serveCommands({ open, subscribe, hear, count })
