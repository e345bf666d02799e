import type { IncomingMessage, ServerResponse } from 'node:http'

/** An answer of the sandbox; `body` is sent as JSON. */
export interface Answer {
  readonly status: number
  readonly body?: unknown
}

export const notFound: Answer = { status: 404, body: { code: 'NO_SUCH_PATH' } }
export const methodNotAllowed: Answer = { status: 405, body: { code: 'METHOD_NOT_ALLOWED' } }

export class BodyTooLarge extends Error {}

const maxBodyBytes = 65_536

/** The whole body as text. Throws `BodyTooLarge`, or the socket's error if the caller leaves before its end. */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new BodyTooLarge(`a body may have ${maxBodyBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Undefined for what is no JSON: every guard refuses that as it refuses any other wrong body. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function send(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) response.writeHead(status).end()
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
