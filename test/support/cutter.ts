/** A TCP proxy before a PostgreSQL server that breaks a connection at the worst moment: when it commits. */
import { connect, createServer, type Socket } from 'node:net'

/**
 * `lost`: the commit never reaches the server. `unanswered`: it does, and its answer is lost. `late`: the client's connection
 * is gone before the commit reaches the server, which waits for it until `arrive`.
 */
export type Cut = 'lost' | 'unanswered' | 'late'

export interface Cutter {
  /** The same database by way of the proxy. */
  readonly url: string
  /** The next commit meets this; resolves when it has. */
  cut(how: Cut): Promise<{ arrive(): void }>
  /** From now on bytes come to nobody, and nobody is told. */
  swallow(): void
  /** The same for the connections that there are: new ones pass. */
  silence(): void
  /** What comes from now on passes again. What was swallowed broke its connection. */
  pass(): void
  close(): void
}

/** A simple query: its letter, its length, its text. */
const COMMIT = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1')

export async function startCutter(url: string): Promise<Cutter> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  let armed: { how: Cut; done: (cut: { arrive(): void }) => void } | undefined
  const clients = new Set<Socket>()
  const starved = new Set<Socket>()
  let isSwallowing = false

  const server = createServer(client => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => sockets.delete(socket))
    }
    clients.add(client)
    let isCut = false
    const isStarved = (): boolean => {
      if (isSwallowing) starved.add(client)
      return starved.has(client)
    }
    upstream.on('data', bytes => {
      if (!isCut && !isStarved()) client.write(bytes)
    })
    upstream.once('close', () => client.destroy())
    client.once('close', () => {
      clients.delete(client)
      if (!isCut) upstream.destroy()
    })
    client.on('data', bytes => {
      if (isStarved()) return
      const at = armed === undefined ? -1 : bytes.indexOf(COMMIT)
      if (armed === undefined || at < 0) {
        upstream.write(bytes)
        return
      }
      const { how, done } = armed
      armed = undefined
      isCut = true
      upstream.write(bytes.subarray(0, at))
      const arrive = (): void => {
        upstream.end(COMMIT)
      }
      if (how === 'lost') upstream.end()
      if (how === 'unanswered') arrive()
      client.destroy()
      done({ arrive })
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const through = new URL(url)
  const address = server.address()
  through.port = String(typeof address === 'object' && address !== null ? address.port : 0)
  return {
    url: through.href,
    cut: how => new Promise(done => (armed = { how, done })),
    swallow() {
      isSwallowing = true
    },
    silence() {
      for (const client of clients) starved.add(client)
    },
    pass() {
      isSwallowing = false
      for (const socket of starved) socket.destroy()
      starved.clear()
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
