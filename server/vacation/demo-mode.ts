/** Demo mode: no key is set, so everybody on this machine signs in by picking a user. Loopback only. */
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { graphql } from 'graphql'
import type { Clock } from 'layover/protocol'
import { type Gateway, signToken, type Viewer } from 'layover/server'

interface DemoUser extends Viewer {
  readonly label: string
}

const AGENCY = 'demo'
const TOKEN_SECONDS = 7 * 86_400

const DEMO_USERS: readonly DemoUser[] = [
  { user: 'agent-1', tenant: AGENCY, roles: ['agent'], label: 'Agent 1' },
  { user: 'agent-2', tenant: AGENCY, roles: ['agent'], label: 'Agent 2' },
  { user: 'supervisor-1', tenant: AGENCY, roles: ['agent', 'supervisor'], label: 'Supervisor 1' },
]

const DEMO_CUSTOMERS = [
  {
    id: 'customer-1',
    owner: 'agent-1',
    name: 'Harbour Rowing Club',
    email: 'office@harbour-rowing.example',
    phone: '+351 555 0101',
    address: '4 Quay Street',
  },
  {
    id: 'customer-2',
    owner: 'agent-1',
    name: 'Hill School, class 9',
    email: 'class9@hill-school.example',
    phone: '+351 555 0102',
    address: '17 Hill Road',
  },
  {
    id: 'customer-3',
    owner: 'agent-1',
    name: 'North Choir',
    email: 'tours@north-choir.example',
    phone: '+351 555 0103',
    address: '1 Chapel Lane',
  },
  {
    id: 'customer-4',
    owner: 'agent-2',
    name: 'Riverside Chess Circle',
    email: 'board@riverside-chess.example',
    phone: '+351 555 0104',
    address: '88 River Walk',
  },
  {
    id: 'customer-5',
    owner: 'agent-2',
    name: 'Lantern Theatre Company',
    email: 'stage@lantern.example',
    phone: '+351 555 0105',
    address: '2 Market Square',
  },
]

/**
 * The key lies beside the data, so that whoever is signed in stays it across a restart. Gateways that start at once in one
 * folder have one key: a link is made whole or not at all, and by one of them.
 */
export function demoKey(directory: string): { secret: string } {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'demo.key')
  const own = `${file}.${process.pid}`
  writeFileSync(own, randomBytes(32).toString('hex'), { mode: 0o600 })
  try {
    linkSync(own, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(own, { force: true })
  }
  return { secret: readFileSync(file, 'utf8') }
}

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Anybody may sign in as anybody, so only pages of this machine may ask: a foreign name that was made to point here (DNS
 * rebinding) still stands in the Host.
 */
function refuseForeignHosts(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const address = `http://${request.headers.host}`
    if (URL.canParse(address) && LOCAL.has(new URL(address).hostname)) return undefined
    return reply.code(421).send({
      code: 'HOST_NOT_LOCAL',
      message: 'In demo mode the gateway answers to localhost alone. Set AUTH_SECRET to serve it under a name.',
    })
  })
}

/** `GET /demo/users` and `POST /demo/token {user}`. */
export function serveDemo(app: FastifyInstance, { secret }: { secret: string }, clock: Clock): void {
  refuseForeignHosts(app)
  app.get('/demo/users', () => ({
    users: DEMO_USERS.map(({ user, tenant, roles, label }) => ({ user, agency: tenant, roles, label })),
  }))
  app.post<{ Body: { user?: unknown } | undefined }>('/demo/token', async (request, reply) => {
    const found = DEMO_USERS.find(({ user }) => user === request.body?.user)
    if (found === undefined) {
      return reply.code(400).send({
        code: 'UNKNOWN_USER',
        field: 'user',
        message: `user must be one of ${DEMO_USERS.map(({ user }) => user).join(', ')}.`,
      })
    }
    return { token: await signToken(found, secret, TOKEN_SECONDS, clock.now()) }
  })
}

/** `authorization` of the demo agency's supervisor. */
export async function demoSupervisor({ secret }: { secret: string }, clock: Clock): Promise<string> {
  const supervisor = DEMO_USERS.find(({ roles }) => roles.includes('supervisor')) as DemoUser
  return `Bearer ${await signToken(supervisor, secret, TOKEN_SECONDS, clock.now())}`
}

/** Customers to begin with. Each is a task with a fixed id, so that a restart adds nothing. */
export async function addDemoData(gateway: Gateway, { secret }: { secret: string }, clock: Clock): Promise<void> {
  for (const { owner, ...input } of DEMO_CUSTOMERS) {
    const viewer = DEMO_USERS.find(({ user }) => user === owner) ?? DEMO_USERS[0]
    if (viewer === undefined) continue
    const token = await signToken(viewer, secret, TOKEN_SECONDS, clock.now())
    const result = await graphql({
      schema: gateway.schema,
      source:
        'mutation ($id: ID!, $input: CreateCustomerInput!) { createCustomer(task: { id: $id }, input: $input) { task { status } } }',
      variableValues: { id: `demo-data-${input.id}`, input },
      contextValue: await gateway.context({ authorization: `Bearer ${token}` }),
    })
    if (result.errors !== undefined) throw result.errors[0]
  }
}
