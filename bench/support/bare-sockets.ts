/** Bare `ws` sockets that are all sent one frame: what no gateway can do better. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

const FRAME = Buffer.from(
  JSON.stringify({
    id: '1',
    type: 'next',
    payload: { data: { changesAvailable: { at: '2027-05-03T08:00:00.000Z' } } },
  }),
)

let sockets: WebSocketServer | undefined

/** Its address. */
export async function openBareSockets(): Promise<string> {
  const server = createServer()
  sockets = new WebSocketServer({ server })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 4096, resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export function tellBareSockets(): void {
  for (const socket of sockets?.clients ?? []) socket.send(FRAME, { binary: false })
}
