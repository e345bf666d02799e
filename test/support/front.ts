/**
 * What stands between a browser and the gateway: it passes everything on, WebSockets too, counts requests, can hold them or
 * their answers, and from a moment on serves the next version of the page.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface Passed {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** As text; empty where there is none. */
  readonly body: string
}

/** From now on, what matches is held. */
export interface Held {
  /** Resolves when the first is held. */
  readonly first: Promise<void>
  readonly count: number
  /** Lets them go, and whatever comes later. What was given up meanwhile is gone. */
  release(): void
}

export interface Front {
  /** Without a slash at its end. */
  readonly url: string
  /** In the order in which they arrived. */
  readonly passed: readonly Passed[]
  count(matches: (passed: Passed) => boolean): number
  /** What matches does not reach the gateway. */
  holdRequests(matches: (passed: Passed) => boolean): Held
  /** What matches is done by the gateway, and the browser does not hear of it. */
  holdAnswers(matches: (passed: Passed) => boolean): Held
  /** From now on the page is another: `<html data-version="…">`, and a service worker that knows it. */
  serveVersion(version: string): void
  close(): Promise<void>
}

/** Of the outbox: one that carries tasks. */
export const hasTasks = ({ path, body }: Passed): boolean => path === '/graphql' && body.includes('TaskInput')

interface Holding extends Held {
  take(passed: Passed): Promise<void> | undefined
}

function holding(matches: (passed: Passed) => boolean): Holding {
  let count = 0
  let isOver = false
  let release: () => void = () => undefined
  let found: () => void = () => undefined
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  return {
    first: new Promise<void>(resolve => {
      found = resolve
    }),
    get count() {
      return count
    },
    release() {
      isOver = true
      release()
    },
    take(passed) {
      if (isOver || !matches(passed)) return undefined
      count += 1
      found()
      return released
    },
  }
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The next version differs where a browser looks: in the page, and in the worker's list of what the page is made of. */
function ofVersion(version: string, path: string, type: string, body: string): string {
  if (path === '/sw.js')
    return body.replace(
      /(url:"index\.html",revision:")[^"]*"|(revision:")[^"]*(",url:"index\.html")/,
      (_all, before, start, end) => (before ? `${before}${version}"` : `${start}${version}${end}`),
    )
  return type.includes('text/html') ? body.replace('<html ', `<html data-version="${version}" `) : body
}

export async function startFront(gatewayPort: () => number): Promise<Front> {
  const passed: Passed[] = []
  const requestHolds: Holding[] = []
  const answerHolds: Holding[] = []
  const sockets = new Set<Socket>()
  let version: string | undefined

  const take = (holds: readonly Holding[], what: Passed): Promise<void> | undefined => {
    for (const hold of holds) {
      const until = hold.take(what)
      if (until) return until
    }
    return undefined
  }

  function ask(from: IncomingMessage, headers: IncomingHttpHeaders, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: gatewayPort(), method: from.method, path: from.url, headers })
        .once('response', resolve)
        .once('error', reject)
        .end(body)
    })
  }

  async function pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const [path = ''] = (from.url ?? '').split('?')
    const body = await bytesOf(from)
    const what: Passed = { method: from.method ?? '', path, body: body.toString() }
    passed.push(what)
    await take(requestHolds, what)
    const headers = { ...from.headers }
    // What the browser has of the old version does not stand for the new one, which is written into plain text.
    for (const name of version === undefined ? [] : ['if-none-match', 'if-modified-since', 'accept-encoding'])
      delete headers[name]
    const answer = await ask(from, headers, body)
    await take(answerHolds, what)
    const isPage = path === '/sw.js' || answer.headers['content-type']?.includes('text/html')
    if (version === undefined || !isPage) {
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(to)
      return
    }
    const { 'content-length': _length, etag: _tag, 'last-modified': _date, ...kept } = answer.headers
    const text = (await bytesOf(answer)).toString()
    to.writeHead(answer.statusCode ?? 502, kept)
    to.end(ofVersion(version, path, answer.headers['content-type'] ?? '', text))
  }

  const server = createServer((from, to) => {
    // A gateway that is not there is, to the browser, a connection that breaks.
    pass(from, to).catch(() => to.destroy())
  })
  server.on('upgrade', (from: IncomingMessage, socket: Socket, head: Buffer) => {
    const upstream = connect(gatewayPort(), '127.0.0.1', () => {
      const lines = [`${from.method} ${from.url} HTTP/1.1`]
      for (let each = 0; each < from.rawHeaders.length; each += 2)
        lines.push(`${from.rawHeaders[each]}: ${from.rawHeaders[each + 1]}`)
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`)
      upstream.write(head)
      socket.pipe(upstream).pipe(socket)
    })
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const hold = (holds: Holding[], matches: (what: Passed) => boolean): Held => {
    const held = holding(matches)
    holds.push(held)
    return held
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    count: matches => passed.filter(matches).length,
    holdRequests: matches => hold(requestHolds, matches),
    holdAnswers: matches => hold(answerHolds, matches),
    serveVersion(next) {
      version = next
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
