import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, pause } from 'layover/protocol'
import { firstIssue, reserveBody } from './contract.ts'
import type { Faults, Operation } from './sandbox-control.ts'
import { type Answer, methodNotAllowed, notFound, parseJson, readText, send } from './sandbox-http.ts'
import type { ReserveOutcome, SandboxStore } from './sandbox-store.ts'
import type { SupplierKind } from './suppliers.ts'

/** What one call asks of one supplier. */
export interface Route {
  readonly supplier: SupplierKind
  readonly operation: Operation
  /** Undefined for `offers`. */
  readonly key?: string
}

const operations: ReadonlyMap<string | undefined, Operation> = new Map([
  ['GET', 'find'],
  ['PUT', 'reserve'],
  ['DELETE', 'release'],
])

/** Reads `/{supplier}/offers` and `/{supplier}/reservations/{key}`; anything else is answered at once. */
export function routeOf(
  supplier: string,
  [collection, encodedKey, ...rest]: readonly string[],
  method: string | undefined,
): Route | Answer {
  if (supplier !== 'hotel' && supplier !== 'flight' && supplier !== 'car') return notFound
  if (collection === 'offers' && encodedKey === undefined) {
    return method === 'GET' ? { supplier, operation: 'offers' } : methodNotAllowed
  }
  if (collection !== 'reservations' || !encodedKey || rest.length > 0) return notFound
  const operation = operations.get(method)
  if (!operation) return methodNotAllowed
  try {
    return { supplier, operation, key: decodeURIComponent(encodedKey) }
  } catch (error) {
    return { status: 400, body: { code: 'INVALID_INPUT', field: 'key', message: String(error) } }
  }
}

/**
 * Serves one call through whatever fault it meets, and calls `answered` with the status just before an answer leaves.
 * Rejects with the reason of `closing` if a slow call is cut short by it.
 */
export async function serveSupplier(
  sandbox: { store: SandboxStore; faults: Faults; clock: Clock; closing: AbortSignal },
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  answered: (status: number) => void,
): Promise<void> {
  const { store, faults, clock, closing } = sandbox
  const text = await readText(request)
  closing.throwIfAborted()
  const fault = faults.take(route.supplier, route.operation, route.key) ?? { kind: 'none', ms: 0 }
  const reply = (answer: Answer): void => {
    answered(answer.status)
    send(response, answer)
  }
  switch (fault.kind) {
    case 'none':
      return reply(supplierAnswer(store, clock, route, text))
    case 'slow':
      await pause(clock, fault.ms, closing)
      return reply(supplierAnswer(store, clock, route, text))
    case 'hang':
      if (!response.closed) await once(response, 'close')
      return
    case 'cut-before':
      response.destroy()
      return
    case 'cut-after':
      supplierAnswer(store, clock, route, text)
      response.destroy()
      return
    case 'error-500':
      return reply({ status: 500, body: { code: 'INTERNAL', message: 'The supplier failed.' } })
    case 'html-502':
      answered(502)
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body>Bad Gateway</body></html>')
      return
    default:
      fault satisfies never
  }
}

function supplierAnswer(
  store: SandboxStore,
  clock: Clock,
  { supplier, operation, key = '' }: Route,
  text: string,
): Answer {
  switch (operation) {
    case 'offers':
      return { status: 200, body: { offers: store.offers(supplier, clock.now()) } }
    case 'find': {
      const reservation = store.find(supplier, key)
      return reservation ? { status: 200, body: reservation } : { status: 404, body: { code: 'NOT_FOUND' } }
    }
    case 'release':
      store.release(supplier, key)
      return { status: 204 }
    case 'reserve': {
      const request = reserveBody.safeParse(parseJson(text))
      if (!request.success) return { status: 400, body: { code: 'INVALID_INPUT', ...firstIssue(request.error) } }
      return reserveAnswer(store.reserve(supplier, key, request.data))
    }
    default:
      return operation satisfies never
  }
}

function reserveAnswer(outcome: ReserveOutcome): Answer {
  switch (outcome.kind) {
    case 'reserved':
      return { status: outcome.fresh ? 201 : 200, body: outcome.reservation }
    case 'sold-out':
      return { status: 409, body: { code: 'SOLD_OUT', message: 'Nothing is left of this offer.' } }
    case 'discontinued': {
      const replacement = outcome.replacedBy === null ? {} : { replacement: outcome.replacedBy }
      return { status: 409, body: { code: 'DISCONTINUED', message: 'This offer is no longer sold.', ...replacement } }
    }
    case 'released':
      return { status: 410, body: { code: 'RELEASED', message: 'This key was released and cannot be reserved again.' } }
    case 'key-reused':
      return { status: 422, body: { code: 'KEY_REUSED', message: 'This key holds another request.' } }
    default:
      return outcome satisfies never
  }
}
