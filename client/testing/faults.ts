/** What can happen to a request, each as the client meets it in the field. */
import { ERROR_CODES } from '../../protocol/errors.ts'
import type { GatewayResponse } from './gateway-request.ts'

export type NetworkFault =
  /** Never arrives. */
  | { readonly kind: 'drop' }
  /** Is carried out; the answer is lost. */
  | { readonly kind: 'cut' }
  /** Arrives twice, as Chromium re-sends a POST when a reused connection closes; the second answer is given. */
  | { readonly kind: 'duplicate' }
  /** `leg` default 'request'. */
  | { readonly kind: 'delay'; readonly ms: number; readonly leg?: 'request' | 'answer' }
  /** Arrives after the next one, or 5 s late when none comes. */
  | { readonly kind: 'reorder' }
  /** Is never answered; `isApplied`: but carried out. */
  | { readonly kind: 'hang'; readonly isApplied?: boolean }
  /** HTTP 401. */
  | { readonly kind: 'unauthenticated' }
  /** HTTP 429 with Retry-After; default 1. */
  | { readonly kind: 'rate-limited'; readonly retryAfterSeconds?: number }
  /** `body` default: a proxy's page in HTML. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  /** HTTP 200, and a page that asks to sign in to the Wi-Fi. */
  | { readonly kind: 'captive-portal' }
  /** Is carried out; the body ends in the middle. */
  | { readonly kind: 'truncated' }
  /** HTTP 413. */
  | { readonly kind: 'too-large' }
  /** By the gateway, as a whole, with this code. */
  | { readonly kind: 'refused'; readonly code: string }

/** Those that need nothing said. */
export type PlainFault = Exclude<NetworkFault['kind'], 'delay' | 'status' | 'refused'>

/** As `fetch` says it, whatever broke. */
export const connectionLost = (): TypeError => new TypeError('fetch failed')

/** What is answered in the gateway's place; undefined when the gateway answers, or nobody. */
export function answerFor(fault: NetworkFault): GatewayResponse | undefined {
  switch (fault.kind) {
    case 'unauthenticated':
      return {
        status: 401,
        body: { errors: [{ message: 'Sign in.', extensions: { code: ERROR_CODES.UNAUTHENTICATED } }] },
      }
    case 'rate-limited': {
      const { retryAfterSeconds = 1 } = fault
      return {
        status: 429,
        headers: { 'retry-after': String(retryAfterSeconds) },
        body: {
          errors: [
            { message: 'Too many requests.', extensions: { code: ERROR_CODES.RATE_LIMITED, retryAfterSeconds } },
          ],
        },
      }
    }
    case 'status':
      return fault.body === undefined
        ? { ...page(fault.status, 'Bad gateway'), headers: { ...HTML, ...fault.headers } }
        : { status: fault.status, body: fault.body, ...(fault.headers ? { headers: fault.headers } : {}) }
    case 'captive-portal':
      return page(200, 'Sign in to the Wi-Fi')
    case 'too-large':
      return page(413, 'Request entity too large')
    case 'refused':
      return { status: 400, body: { errors: [{ message: 'Refused.', extensions: { code: fault.code } }] } }
    case 'drop':
    case 'cut':
    case 'duplicate':
    case 'delay':
    case 'reorder':
    case 'hang':
    case 'truncated':
      return undefined
    default:
      return fault satisfies never
  }
}

/** Half of the body, then the connection breaks. */
export function truncated({ status, body }: GatewayResponse): Response {
  const text = new TextEncoder().encode(JSON.stringify(body))
  let isSent = false
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isSent) return controller.error(new TypeError('terminated'))
      isSent = true
      controller.enqueue(text.slice(0, text.length / 2))
    },
  })
  return new Response(stream, { status, headers: { 'content-type': 'application/graphql-response+json' } })
}

const HTML = { 'content-type': 'text/html' }
/** With numbers in it that only a reader of texts would take for verdicts. */
const page = (status: number, title: string): GatewayResponse => ({
  status,
  body: `<!doctype html><title>${title}</title><h1>${title}</h1><p>401 403 422</p>`,
  headers: HTML,
})
