/** A TCP proxy between a device and the gateway: it can be closed, and it can lose answers that the gateway has given. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Tunnel {
  /** Without a slash at its end. */
  readonly url: string
  /** Answers lost so far. */
  readonly lost: number
  /** Cuts every connection and refuses new ones. */
  cut(): void
  open(): void
  /** Of the answers to come, lets those through for which `keep` says so (counted from 0); the others are cut off before their first byte, after the gateway has sent them. */
  loseAnswers(lose: (answer: number) => boolean): void
  close(): Promise<void>
}

/** Listens on 127.0.0.1 and leads to `target`, e.g. http://127.0.0.1:4000. */
export async function digTunnel(target: string): Promise<Tunnel> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let isOpen = true
  let answers = 0
  let lost = 0
  let lose: (answer: number) => boolean = () => false

  const server = createServer(device => {
    if (!isOpen) {
      device.destroy()
      return
    }
    const gateway = connect(Number(port), hostname)
    // An answer begins with the first bytes that come back after something was asked.
    let asked = false
    for (const [socket, other] of [
      [device, gateway],
      [gateway, device],
    ] as const) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      // A cut is what this is for; whoever holds the other end sees it.
      socket.on('error', () => other.destroy())
    }
    device.on('data', bytes => {
      asked = true
      gateway.write(bytes)
    })
    gateway.on('data', bytes => {
      if (asked && lose(answers++)) {
        lost += 1
        device.destroy()
        return
      }
      asked = false
      device.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    isOpen = false
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lost() {
      return lost
    },
    cut,
    open() {
      isOpen = true
    },
    loseAnswers(next) {
      answers = 0
      lose = next
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
