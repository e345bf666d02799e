import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from 'layover/protocol'
import { type CatalogueOffer, demoCatalogue } from './catalogue.ts'
import {
  armedFaults,
  ControlInputInvalid,
  type ControlRoom,
  type SandboxCall,
  type SandboxControl,
  sandboxControl,
} from './sandbox-control.ts'
import { type Answer, BodyTooLarge, methodNotAllowed, notFound, parseJson, readText, send } from './sandbox-http.ts'
import { openSandboxStore } from './sandbox-store.ts'
import { type Route, routeOf, serveSupplier } from './sandbox-suppliers.ts'

export interface SandboxOptions {
  /** A SQLite file in a folder that exists: what is reserved outlives the process. Default `:memory:`. */
  readonly file?: string
  /** Default 0: any free one. */
  readonly port?: number
  /** The address to listen at. Default 127.0.0.1: whoever reaches it may make the suppliers fail. */
  readonly host?: string
  readonly clock: Clock
  /** Added to a new file, and whatever of it is missing to an old one. Default `demoCatalogue`. */
  readonly offers?: readonly CatalogueOffer[]
  /** What else is served under `/control`, by name: the answer to a GET. */
  readonly views?: Readonly<Record<string, () => unknown>>
}

export interface Sandbox {
  /** `http://<host>:<port>`. */
  readonly url: string
  /** The base addresses for `httpSupplier`. */
  readonly hotel: string
  readonly flight: string
  readonly car: string
  readonly control: SandboxControl
  /** Cuts every connection, hanging ones too, and resolves when the port and the file are free again. */
  close(): Promise<void>
}

const maxLoggedCalls = 10_000

/**
 * The three suppliers of the demo as one real HTTP server, under `/hotel`, `/flight` and `/car`, with
 * `/control` beside them (POST `fault`, `clear`, `stock`, `discontinue`, `price`; GET `faults`, `reservations`, `log`). Beyond
 * the contract it answers 410 `RELEASED` for a key that was released, 422 `KEY_REUSED` for a key that holds another
 * request and 400 `INVALID_INPUT` with the field. A refused key holds nothing, so it is decided afresh when it is
 * asked again; an unknown offer counts as discontinued. Rejects if the port is taken or the file cannot be opened.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { file = ':memory:', port = 0, host = '127.0.0.1', clock, offers = demoCatalogue } = options
  const store = openSandboxStore(file, offers)
  const faults = armedFaults()
  const calls: LoggedCall[] = []
  const room = sandboxControl(store, faults, () => calls.map(call => ({ ...call })))
  const views = new Map([...room.views, ...Object.entries(options.views ?? {})])
  const closing = new AbortController()
  const inFlight = new Set<Promise<void>>()
  const sandbox = { store, faults, clock, closing: closing.signal }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { supplier, rest } = pathOf(request)
    try {
      if (supplier === 'control')
        return send(response, await controlAnswer({ ...room, views }, rest.join('/'), request))
      const route = routeOf(supplier, rest, request.method)
      if ('status' in route) return send(response, route)
      const call = logCall(calls, clock, route, request.method)
      await serveSupplier(sandbox, route, request, response, status => {
        call.status = status
      })
    } catch (error) {
      // Whoever left before the answer, or was cut off by close(), gets none; everybody else is told of the failure.
      if (response.destroyed || closing.signal.aborted) response.destroy()
      else send(response, failure(error))
    }
  }

  const server = createServer((request, response) => {
    const handled = handle(request, response).finally(() => inFlight.delete(handled))
    inFlight.add(handled)
  })
  try {
    const listening = once(server, 'listening')
    server.listen(port, host)
    await listening
  } catch (error) {
    store.close()
    throw error
  }

  async function close(): Promise<void> {
    closing.abort()
    const stopped = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await stopped
    await Promise.all(inFlight)
    store.close()
  }
  let closed: Promise<void> | undefined
  const url = `http://${host}:${(server.address() as AddressInfo).port}`
  return {
    url,
    hotel: `${url}/hotel`,
    flight: `${url}/flight`,
    car: `${url}/car`,
    control: room.control,
    close() {
      closed ??= close()
      return closed
    },
  }
}

type LoggedCall = Omit<SandboxCall, 'status'> & { status: number | null }

function logCall(calls: LoggedCall[], clock: Clock, { supplier, key }: Route, method = ''): LoggedCall {
  const call: LoggedCall = { supplier, method, ...(key === undefined ? {} : { key }), at: clock.now(), status: null }
  calls.push(call)
  if (calls.length > maxLoggedCalls) calls.shift()
  return call
}

function pathOf(request: IncomingMessage): { supplier: string; rest: string[] } {
  const [path = ''] = (request.url ?? '').split('?')
  const [supplier = '', ...rest] = path.slice(1).split('/')
  return { supplier, rest }
}

async function controlAnswer({ actions, views }: ControlRoom, name: string, request: IncomingMessage): Promise<Answer> {
  const view = views.get(name)
  if (view) return request.method === 'GET' ? { status: 200, body: view() } : methodNotAllowed
  const action = actions.get(name)
  if (!action) return notFound
  if (request.method !== 'POST') return methodNotAllowed
  // A page in a browser on this machine may post text anywhere, but JSON only where it is invited.
  if (!request.headers['content-type']?.startsWith('application/json')) {
    return { status: 415, body: { code: 'INVALID_INPUT', field: 'content-type', message: 'is not application/json' } }
  }
  try {
    action(parseJson(await readText(request)))
    return { status: 204 }
  } catch (error) {
    if (!(error instanceof ControlInputInvalid)) throw error
    return { status: 400, body: { code: error.code, field: error.field, message: error.message } }
  }
}

function failure(error: unknown): Answer {
  const [status, code] = error instanceof BodyTooLarge ? [413, 'TOO_LARGE'] : [500, 'INTERNAL']
  return { status, body: { code, message: String(error) } }
}
