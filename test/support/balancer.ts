/** A TCP balancer as it stands before a fleet: each new connection goes to the next gateway that is well. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Balancer {
  /** Without a slash at its end. */
  readonly url: string
  /** A gateway on this port of 127.0.0.1 comes: connections go to it once it says that it is ready. */
  add(port: number): void
  /** It gets no new connections; those it has stay as long as both ends want them. */
  remove(port: number): void
  /** Resolves when so many gateways are well. */
  ready(count: number): Promise<void>
  close(): Promise<void>
}

export interface BalancerOptions {
  /** How often each gateway is asked at /health/ready. Default 250. */
  readonly probeMs?: number
  /** Without an answer for so long a gateway counts as unwell. Default 1000. */
  readonly patienceMs?: number
}

interface Target {
  readonly port: number
  isWell: boolean
  stop(): void
}

export async function startBalancer({ probeMs = 250, patienceMs = 1000 }: BalancerOptions = {}): Promise<Balancer> {
  const targets = new Map<number, Target>()
  const sockets = new Set<Socket>()
  const waiting = new Set<{ count: number; resolve: () => void }>()
  let turn = 0

  const well = (): Target[] => [...targets.values()].filter(({ isWell }) => isWell)
  const tell = (): void => {
    for (const each of waiting) {
      if (well().length < each.count) continue
      waiting.delete(each)
      each.resolve()
    }
  }

  function watch(port: number): Target {
    let timer: NodeJS.Timeout | undefined
    let isOver = false
    const target: Target = {
      port,
      isWell: false,
      stop() {
        isOver = true
        clearTimeout(timer)
      },
    }
    const probe = async (): Promise<void> => {
      target.isWell = await isReady(port, patienceMs)
      if (isOver) return
      tell()
      timer = setTimeout(probe, probeMs)
    }
    void probe()
    return target
  }

  function keep(socket: Socket): Socket {
    sockets.add(socket)
    socket.setNoDelay(true)
    return socket.once('close', () => sockets.delete(socket))
  }

  /** One after the other, each at most once; the caller's connection breaks when there is none. */
  function pass(client: Socket, candidates: readonly Target[]): void {
    const [target, ...others] = candidates
    if (target === undefined || client.destroyed) return void client.destroy()
    const gateway = keep(connect(target.port, '127.0.0.1'))
    gateway.once('error', () => {
      // Until the next probe.
      target.isWell = false
      pass(client, others)
    })
    gateway.once('connect', () => {
      gateway.removeAllListeners('error')
      for (const [one, other] of [
        [client, gateway],
        [gateway, client],
      ] as const) {
        one.on('error', () => other.destroy())
        one.on('close', () => other.destroy())
        one.pipe(other)
      }
    })
  }

  const server = createServer(client => {
    keep(client)
    client.on('error', () => client.destroy())
    const candidates = well()
    turn += 1
    const first = turn % Math.max(1, candidates.length)
    pass(client, [...candidates.slice(first), ...candidates.slice(0, first)])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add(port) {
      targets.get(port)?.stop()
      targets.set(port, watch(port))
    },
    remove(port) {
      targets.get(port)?.stop()
      targets.delete(port)
    },
    ready: count =>
      new Promise(resolve => {
        waiting.add({ count, resolve })
        tell()
      }),
    async close() {
      for (const { stop } of targets.values()) stop()
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function isReady(port: number, patienceMs: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(patienceMs) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
