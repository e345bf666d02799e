import type { Clock } from 'layover/protocol'
import type { z } from 'zod'
import { firstIssue, offersBody, refusalBody, reservationBody } from './contract.ts'
import { DeadlinePassed, withDeadline } from './deadline.ts'
import { type ReserveAnswer, type Supplier, SupplierUnreachable } from './suppliers.ts'

export interface HttpSupplierOptions {
  /** Where the contract begins, e.g. `http://host/hotel`. A closing slash makes no difference. */
  readonly url: string
  /** The network, handed in. */
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
  /** For one call, from the first byte sent to the last one read. At least 1, default 5,000. */
  readonly timeoutMs?: number
  /** Who it is in error messages, e.g. `hotel`. */
  readonly name: string
}

interface Reply {
  readonly status: number
  readonly text: string
}

/**
 * A supplier that speaks the contract of contract.ts. Throws a TypeError at once if `url` is no http or https address;
 * its methods throw `SupplierUnreachable` as the port says.
 */
export function httpSupplier({ url, fetch, clock, timeoutMs = 5_000, name }: HttpSupplierOptions): Supplier {
  const { protocol } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${name}: not an http address: ${url}`)
  const base = url.replace(/\/+$/, '')

  async function call(method: string, path: string, signal?: AbortSignal, body?: unknown): Promise<Reply> {
    const asked = `${name}: ${method} ${path}`
    try {
      return await withDeadline({ clock, timeoutMs, signal }, async stop => {
        const headers: Record<string, string> = { accept: 'application/json' }
        if (body !== undefined) headers['content-type'] = 'application/json'
        // A redirected PUT could reserve somewhere that DELETE would not reach, so a redirect is a foreign status.
        const init: RequestInit = { method, headers, signal: stop, redirect: 'manual' }
        if (body !== undefined) init.body = JSON.stringify(body)
        const response = await fetch(`${base}${path}`, init)
        return { status: response.status, text: await response.text() }
      })
    } catch (cause) {
      if (cause instanceof DeadlinePassed)
        throw new SupplierUnreachable('TIMEOUT', `${asked}: ${cause.message}`, { cause })
      if (signal?.aborted) throw new SupplierUnreachable('ABORTED', `${asked}: given up by the caller`, { cause })
      throw new SupplierUnreachable('CONNECTION', `${asked}: no answer came`, { cause })
    }
  }

  function read<Shape extends z.ZodType>(shape: Shape, { status, text }: Reply): z.output<Shape> {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (cause) {
      throw new SupplierUnreachable('MALFORMED', `${name}: status ${status} without JSON`, { cause, status })
    }
    const parsed = shape.safeParse(json)
    if (parsed.success) return parsed.data
    const { field, message } = firstIssue(parsed.error)
    throw new SupplierUnreachable('MALFORMED', `${name}: ${field}: ${message}`, { cause: parsed.error, status })
  }

  function readReservation(key: string, reply: Reply): z.output<typeof reservationBody> {
    const reservation = read(reservationBody, reply)
    if (reservation.key === key) return reservation
    throw new SupplierUnreachable('MALFORMED', `${name}: key: is not the one asked for`, { status: reply.status })
  }

  function foreignStatus({ status }: Reply): SupplierUnreachable {
    return new SupplierUnreachable('STATUS', `${name}: answered with status ${status}`, { status })
  }

  const pathOf = (key: string): string => `/reservations/${encodeURIComponent(key)}`

  return {
    async offers(signal) {
      const reply = await call('GET', '/offers', signal)
      if (reply.status !== 200) throw foreignStatus(reply)
      return read(offersBody, reply).offers
    },

    async reserve(key, { offerId, startsOn, endsOn, guests }, signal): Promise<ReserveAnswer> {
      const reply = await call('PUT', pathOf(key), signal, { offerId, startsOn, endsOn, guests })
      if (reply.status === 200 || reply.status === 201) {
        const { confirmation, price } = readReservation(key, reply)
        return { kind: 'reserved', confirmation, price }
      }
      if (reply.status !== 409) throw foreignStatus(reply)
      const { code, message, replacement } = read(refusalBody, reply)
      return { kind: 'refused', code, message, ...(replacement ? { replacement } : {}) }
    },

    async release(key, signal) {
      const reply = await call('DELETE', pathOf(key), signal)
      if (reply.status !== 204) throw foreignStatus(reply)
    },

    async find(key, signal) {
      const reply = await call('GET', pathOf(key), signal)
      if (reply.status === 404) return undefined
      if (reply.status !== 200) throw foreignStatus(reply)
      return readReservation(key, reply)
    },
  }
}
