/** Every gateway of a fleet is replaced, one after the other, under load: nobody is refused, and nothing is lost or done twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { type GatewayProcess, startGatewayProcess, temporaryDataDir } from '../support/gateway-process.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { signedIn } from '../support/wire.ts'
import { agent, ask, CREATE_CUSTOMER, type Outside, startOutside, tokenFor, uuid } from '../support/world.ts'

const me = agent('agent-a')

describe.skipIf(postgresMissing())('a rolling deploy', () => {
  let database: string
  let outside: Outside
  let balancer: Balancer
  let data: Awaited<ReturnType<typeof temporaryDataDir>>
  let gateways: GatewayProcess[]

  async function start(): Promise<GatewayProcess> {
    const env = { ...outside.environment, DATABASE_URL: database, DRAIN_SECONDS: '2' }
    const gateway = await startGatewayProcess({ dataDir: data.path, env })
    balancer.add(gateway.port)
    return gateway
  }
  beforeAll(async () => {
    ;[database, outside, balancer, data] = await Promise.all([
      freshDatabase(),
      startOutside(),
      startBalancer(),
      temporaryDataDir(),
    ])
    gateways = await Promise.all([start(), start()])
    await balancer.ready(2)
  })
  afterAll(async () => {
    await Promise.all(gateways.map(gateway => gateway.kill()))
    await balancer.close()
    await Promise.all([outside.close(), dropDatabase(database), data.remove()])
  })

  it('is noticed by no request; sockets are told to come back, and find another gateway', async () => {
    const created: string[] = []
    const refused: unknown[] = []
    let isWorkOver = false
    async function work(): Promise<void> {
      while (!isWorkOver) {
        const id = uuid()
        const input = { id, name: 'North Choir' }
        const answer = await ask(balancer.url, me, CREATE_CUSTOMER, { task: { id: uuid() }, input }).catch(
          (error: unknown) => error,
        )
        const status = (answer as Partial<Awaited<ReturnType<typeof ask>>>).data?.createCustomer?.task?.status
        if (status === 'CONFIRMED') created.push(id)
        else refused.push(answer)
      }
    }
    const open = new Set<{ close(): void }>()
    const ends: number[] = []
    let isOver = false
    async function listen(): Promise<void> {
      while (!isOver) {
        const peer = await signedIn(balancer.url, await tokenFor(me))
        open.add(peer.socket)
        ends.push((await peer.closed).code)
        open.delete(peer.socket)
      }
    }
    const working = Promise.all([work(), work(), work()])
    const listening = Promise.all(Array.from({ length: 6 }, listen))
    await expect.poll(() => open.size).toBe(6)

    for (const [place, old] of gateways.entries()) {
      gateways[place] = await start()
      await balancer.ready(3)
      old.signal('SIGTERM')
      expect(await old.exited).toBe(0)
      balancer.remove(old.port)
    }
    isWorkOver = true
    await working
    // Those that a deploy closed are back by now, on one of the new gateways.
    const closedByDeploy = [...ends]
    await expect.poll(() => open.size).toBe(6)
    isOver = true
    for (const socket of open) socket.close()
    await listening

    expect(refused).toEqual([])
    expect(closedByDeploy.length).toBeGreaterThanOrEqual(6)
    expect(new Set(closedByDeploy)).toEqual(new Set([1001]))
    const { data: found } = await ask(balancer.url, me, '{ customers(first: 1000) { nodes { id version } } }')
    const customers = found.customers.nodes as { id: string; version: number }[]
    expect(created.length).toBeGreaterThan(10)
    const wanted = new Set(created)
    expect(customers.every(({ id, version }) => version === 1 && wanted.has(id))).toBe(true)
    if (created.length <= 1000) expect(customers).toHaveLength(created.length)
  })
})
