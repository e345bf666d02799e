/**
 * Faults to play with, in demo mode alone: `GET /demo/faults` says what is on and what the suppliers hold, `POST /demo/faults`
 * switches, `/offer` makes an offer scarce, dear or gone, `/colleague` changes a customer as somebody else. They act on /graphql
 * and on the sandbox, and never on the page or on themselves. What acts on /graphql is this gateway's; what the suppliers do is
 * asked of the sandbox, which several gateways may share. A start begins without any, except in a sandbox that went on.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { graphql } from 'graphql'
import type { Gateway } from 'layover/server'
import { z } from 'zod'
import { type RemoteControl, SandboxAway } from './suppliers/remote-control.ts'
import { ControlInputInvalid } from './suppliers/sandbox-control.ts'

/** Milliseconds that a slow hotel takes. */
const SLOW_MS = 4000
const PLENTY = 1000

const switches = z.strictObject({
  cut: z.boolean().optional(),
  loseAnswers: z.boolean().optional(),
  slowHotel: z.boolean().optional(),
  failCar: z.boolean().optional(),
})
const offerAction = z.strictObject({
  offerId: z.string(),
  action: z.enum(['sell-out', 'restock', 'discontinue', 'raise-price']),
  replacedBy: z.string().optional(),
  amount: z.int().min(0).optional(),
})
const colleagueAction = z.strictObject({ customerId: z.string() })

interface SupplierFaults {
  readonly slowHotel: boolean
  readonly failCar: boolean
}

export interface DemoFaultPorts {
  readonly gateway: Gateway
  /** Undefined: suppliers and mail server are real. */
  readonly control: RemoteControl | undefined
  /** False: real suppliers, whose faults are their own. */
  readonly isSandboxed: boolean
  /** `authorization` of a supervisor of the demo agency. */
  supervisor(): Promise<string>
}

export function serveDemoFaults(app: FastifyInstance, ports: DemoFaultPorts): void {
  const sandbox = ports.isSandboxed ? ports.control : undefined
  const state = { cut: false, loseAnswers: false }
  const sockets = trackSockets(app, () => state.cut)

  app.addHook('onRequest', async (request, reply) => {
    if (state.cut && isGraphql(request)) {
      reply.hijack()
      request.raw.socket.destroy()
    }
  })
  // The work is done by then: only its answer is lost.
  app.addHook('onSend', async (request, _reply, payload) => {
    if (state.loseAnswers && isGraphql(request) && isMutation(request.body)) request.raw.socket.destroy()
    return payload
  })

  const shown = async (): Promise<object> => ({
    ...state,
    ...(await supplierFaults(sandbox)),
    sandbox: sandbox !== undefined,
    ledger: await ledgerOf(ports),
  })

  app.get('/demo/faults', { errorHandler: answerAway }, shown)
  app.post('/demo/faults', { errorHandler: answerAway }, async (request, reply) => {
    const wanted = switches.safeParse(request.body)
    if (!wanted.success) return refuse(reply, wanted.error)
    const { cut = state.cut, loseAnswers = state.loseAnswers, ...rest } = wanted.data
    Object.assign(state, { cut, loseAnswers })
    if (cut) for (const socket of sockets) socket.destroy()
    const { slowHotel, failCar } = rest
    if (sandbox && (slowHotel !== undefined || failCar !== undefined)) await arm(sandbox, { slowHotel, failCar })
    return shown()
  })
  app.post('/demo/faults/offer', { errorHandler: answerAway }, async (request, reply) => {
    const wanted = offerAction.safeParse(request.body)
    if (!wanted.success) return refuse(reply, wanted.error)
    if (!sandbox) return reply.code(409).send({ code: 'NO_SANDBOX', message: 'Real suppliers are in use here.' })
    const { offerId, action, replacedBy, amount = 0 } = wanted.data
    try {
      if (action === 'sell-out') await sandbox.setStock(offerId, 0)
      if (action === 'restock') await sandbox.setStock(offerId, PLENTY)
      if (action === 'discontinue') await sandbox.discontinue(offerId, replacedBy)
      if (action === 'raise-price') await sandbox.setPrice(offerId, amount)
    } catch (error) {
      if (!(error instanceof ControlInputInvalid)) throw error
      return reply.code(400).send({ code: error.code, field: error.field, message: error.message })
    }
    return shown()
  })
  app.post('/demo/faults/colleague', { errorHandler: answerAway }, async (request, reply) => {
    const wanted = colleagueAction.safeParse(request.body)
    if (!wanted.success) return refuse(reply, wanted.error)
    const found = await changeAsColleague(ports, wanted.data.customerId)
    if (found) return shown()
    return reply
      .code(400)
      .send({ code: 'INVALID_INPUT', field: 'customerId', message: 'customerId: there is no such customer' })
  })
}

async function supplierFaults(sandbox: RemoteControl | undefined): Promise<SupplierFaults> {
  const armed = (await sandbox?.faults()) ?? []
  return {
    slowHotel: armed.some(({ supplier, kind }) => supplier === 'hotel' && kind === 'slow'),
    failCar: armed.some(({ supplier, kind }) => supplier === 'car' && kind === 'error-500'),
  }
}

/** What is left out stays as it is. */
async function arm(
  sandbox: RemoteControl,
  wanted: { readonly [Name in keyof SupplierFaults]: boolean | undefined },
): Promise<void> {
  const before = await supplierFaults(sandbox)
  await sandbox.clearFaults()
  if (wanted.slowHotel ?? before.slowHotel)
    await sandbox.fault({ supplier: 'hotel', on: 'reserve', kind: 'slow', ms: SLOW_MS })
  if (wanted.failCar ?? before.failCar) await sandbox.fault({ supplier: 'car', on: 'reserve', kind: 'error-500' })
}

function answerAway(error: Error, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof SandboxAway)) throw error
  return reply.code(503).send({ code: error.code, message: error.message })
}

const isGraphql = ({ url }: FastifyRequest): boolean => url.split('?')[0] === '/graphql'

function isMutation(body: unknown): boolean {
  const query = typeof body === 'object' && body !== null && 'query' in body ? body.query : undefined
  return typeof query === 'string' && /\bmutation\b/.test(query)
}

/** The open WebSockets. While it is cut new ones are refused. */
function trackSockets(app: FastifyInstance, isCut: () => boolean): ReadonlySet<Duplex> {
  const sockets = new Set<Duplex>()
  app.server.prependListener('upgrade', (_request: IncomingMessage, socket: Duplex) => {
    if (isCut()) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

function refuse(reply: FastifyReply, error: z.ZodError): FastifyReply {
  const [issue] = error.issues
  const field = issue?.path.join('.') || (issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : 'body')
  return reply.code(400).send({ code: 'INVALID_INPUT', field, message: `${field}: ${issue?.message ?? 'unreadable'}` })
}

async function ask(
  { gateway, supervisor }: DemoFaultPorts,
  source: string,
  variableValues: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const contextValue = await gateway.context({ authorization: await supervisor() })
  const { data, errors } = await graphql({ schema: gateway.schema, source, variableValues, contextValue })
  if (errors?.[0] !== undefined) throw errors[0]
  return data ?? {}
}

interface Held {
  confirmation: string
}
interface VacationParts {
  hotel: Held | null
  flight: Held | null
  car: Held | null
}

/** What the suppliers hold, beside what the gateway knows of: a reservation that no booked vacation holds must not stay. */
async function ledgerOf(ports: DemoFaultPorts): Promise<object> {
  const { control, isSandboxed } = ports
  const held = (isSandboxed ? await control?.reservations() : undefined) ?? []
  const { vacations } = (await ask(
    ports,
    '{ vacations(status: BOOKED, first: 1000) { nodes { hotel { confirmation } flight { confirmation } car { confirmation } } } }',
  )) as { vacations: { nodes: VacationParts[] } }
  const known = new Set(
    vacations.nodes.flatMap(({ hotel, flight, car }) => [hotel, flight, car].map(part => part?.confirmation)),
  )
  return {
    vacations: vacations.nodes.length,
    reservations: held.length,
    withoutVacation: held.filter(confirmation => !known.has(confirmation)).length,
    mails: (await control?.mails()) ?? 0,
  }
}

/** False: there is no such customer. */
async function changeAsColleague(ports: DemoFaultPorts, id: string): Promise<boolean> {
  const found = await ask(ports, 'query ($id: ID!) { customer(id: $id) { version } }', { id })
  const { customer } = found as { customer: { version: number } | null }
  if (!customer) return false
  const time = new Date(ports.gateway.clock.now()).toISOString().slice(11, 19)
  await ask(
    ports,
    'mutation ($id: ID!, $baseVersion: Int!, $patch: CustomerPatch!) { updateCustomer(id: $id, baseVersion: $baseVersion, patch: $patch) { task { status } } }',
    {
      id,
      baseVersion: customer.version,
      patch: { phone: `+351 555 ${time.slice(3).replace(':', '')}`, notes: `Called by a colleague at ${time}` },
    },
  )
  return true
}
