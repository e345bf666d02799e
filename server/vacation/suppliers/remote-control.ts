/** The strings of a sandbox over its `/control`, in this process or in another that several gateways share. */
import type { Clock } from 'layover/protocol'
import { z } from 'zod'
import { withDeadline } from './deadline.ts'
import { type ArmedFault, ControlInputInvalid, type Fault } from './sandbox-control.ts'

/** Methods throw `ControlInputInvalid` for what the sandbox refuses, `SandboxAway` when it gives no answer. */
export interface RemoteControl {
  fault(fault: Fault & { readonly key?: string }): Promise<void>
  clearFaults(): Promise<void>
  faults(): Promise<readonly ArmedFault[]>
  setStock(offerId: string, stock: number): Promise<void>
  discontinue(offerId: string, replacedBy?: string): Promise<void>
  setPrice(offerId: string, amount: number): Promise<void>
  /** Confirmations of what is held at this moment. */
  reservations(): Promise<readonly string[]>
  /** How many mails its mailbox shows; 0 where it has none. */
  mails(): Promise<number>
}

export class SandboxAway extends Error {
  readonly code = 'SANDBOX_AWAY'
}

export interface RemoteControlOptions {
  /** Of the sandbox, without a slash at its end. */
  readonly url: string
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
  /** Of one call; default 5000. */
  readonly timeoutMs?: number
}

const refusal = z.object({ field: z.string(), message: z.string() })
const faultsBody = z.object({
  faults: z.array(
    z.object({
      supplier: z.enum(['hotel', 'flight', 'car', '*']),
      on: z.enum(['offers', 'reserve', 'release', 'find']),
      kind: z.enum(['error-500', 'html-502', 'hang', 'cut-before', 'cut-after', 'slow']),
    }),
  ),
})
const reservationsBody = z.object({ reservations: z.array(z.object({ confirmation: z.string() })) })
const mailsBody = z.object({ mails: z.int() })

export function remoteControl({ url, fetch, clock, timeoutMs = 5000 }: RemoteControlOptions): RemoteControl {
  async function call(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
    try {
      return await withDeadline({ clock, timeoutMs }, async signal => {
        const response = await fetch(`${url}/control/${path}`, { ...init, signal })
        const text = await response.text()
        return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
      })
    } catch (cause) {
      throw new SandboxAway(`The sandbox at ${url} gives no answer.`, { cause })
    }
  }
  async function post(path: string, input: object): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const { status, body } = await call(path, { method: 'POST', headers, body: JSON.stringify(input) })
    if (status === 204) return
    const refused = refusal.safeParse(body)
    if (status !== 400 || !refused.success) throw new SandboxAway(`The sandbox at ${url} answered with ${status}.`)
    const { field, message } = refused.data
    throw new ControlInputInvalid(field, message.replace(`${field}: `, ''))
  }
  async function get<Shape extends z.ZodType>(path: string, shape: Shape): Promise<z.output<Shape>> {
    const { status, body } = await call(path)
    const parsed = shape.safeParse(body)
    if (status === 200 && parsed.success) return parsed.data
    throw new SandboxAway(`The sandbox at ${url} answered with ${status}.`)
  }
  return {
    fault: fault => post('fault', fault),
    clearFaults: () => post('clear', {}),
    faults: async () => (await get('faults', faultsBody)).faults,
    setStock: (offerId, stock) => post('stock', { offerId, stock }),
    discontinue: (offerId, replacedBy) => post('discontinue', { offerId, replacedBy }),
    setPrice: (offerId, amount) => post('price', { offerId, amount }),
    reservations: async () =>
      (await get('reservations', reservationsBody)).reservations.map(({ confirmation }) => confirmation),
    mails: async () => (await get('mails', mailsBody)).mails,
  }
}
