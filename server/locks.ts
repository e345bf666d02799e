/**
 * Pessimistic locks with a lease: what people agree to edit one after the other. Source: pessimistic concurrency in Microsoft's
 * guide to occasionally connected smart clients; the fencing token after Kleppmann, "How to do distributed locking" (2016).
 *
 * A lease belongs to a user at one installation, and to whoever of that user sends its token. It needs no check-in: it runs
 * out by the gateway's clock, judged at the write, and a holder who was offline meanwhile falls back to an ordinary version
 * check. The state stands in the record itself, so that it travels with it and changes its version.
 */
import { REJECTION_CODES } from '../protocol/index.ts'
import type { EntityRecord } from './store/store.ts'
import { type Rejected, rejected } from './tasks/outcome.ts'

/** GraphQL reserves names that begin with two underscores, so no client can ever select this one. */
const PRIVATE = '__lock'

/** Fields of a record that say who has it; no patch sets them, and no merge looks at them. */
export const LOCK_FIELDS = ['checkedOutBy', 'checkedOutUntil', PRIVATE] as const

export const MOST_MINUTES = 1_440

export interface Lease {
  readonly user: string
  /** The installation; null when it was checked out without one, and then only the token opens it. */
  readonly client: string | null
  /** Digits. It only ever rises per record, also after a check-in. */
  readonly token: string
  /** RFC 3339, UTC. */
  readonly until: string
}

/** Who comes, and with what in hand. */
export interface Bearer {
  readonly user: string
  readonly client: string | null
  readonly token: string | null
}

interface PrivateLock {
  readonly token: number
  readonly client: string | null
}

/** The lease that runs at `now` (RFC 3339), or undefined. */
export function leaseOf(entity: EntityRecord, now: string): Lease | undefined {
  const { checkedOutBy: user, checkedOutUntil: until } = entity
  const lock = entity[PRIVATE] as PrivateLock | undefined
  if (lock === undefined || typeof user !== 'string' || typeof until !== 'string') return undefined
  if (Date.parse(now) >= Date.parse(until)) return undefined
  return { user, client: lock.client, token: String(lock.token), until }
}

export function holds({ user, client, token }: Bearer, lease: Lease): boolean {
  if (user !== lease.user) return false
  return token === lease.token || (client !== null && client === lease.client)
}

/** The refusal of a write by somebody else while a lease runs, or undefined. `named: false` keeps the holder's name back. */
export function refusalOfLease(
  entity: EntityRecord,
  bearer: Bearer,
  { now, named = true }: { now: string; named?: boolean },
): Rejected | undefined {
  const lease = leaseOf(entity, now)
  if (lease === undefined || holds(bearer, lease)) return undefined
  const who = named ? lease.user : 'somebody'
  const where = lease.user === bearer.user ? ' at another installation, whose token this task does not bring' : ''
  return rejected(REJECTION_CODES.CHECKED_OUT, `${who} has it checked out until ${lease.until}${where}.`, {
    field: 'id',
    values: { until: lease.until, heldBy: named ? lease.user : null },
  })
}

/** Lock fields of the next version: a running lease stays, one that ran out goes, the token's number is never forgotten. */
export function carriedLock(entity: EntityRecord | undefined, now: string): Readonly<Record<string, unknown>> {
  if (entity === undefined || entity[PRIVATE] === undefined) return {}
  return leaseOf(entity, now) === undefined ? released(entity) : lockFields(entity)
}

/** The next lease of a record: renewed for its holder, new with a higher token for anybody else. */
export function leased(
  entity: EntityRecord,
  bearer: Bearer,
  { now, until }: { now: string; until: string },
): Readonly<Record<string, unknown>> {
  const running = leaseOf(entity, now)
  const before = (entity[PRIVATE] as PrivateLock | undefined)?.token ?? 0
  const lock: PrivateLock =
    running === undefined
      ? { token: before + 1, client: bearer.client }
      : { token: before, client: running.client ?? bearer.client }
  return { checkedOutBy: bearer.user, checkedOutUntil: until, [PRIVATE]: lock }
}

/** Nobody's, with the token's number kept. */
export function released(entity: EntityRecord): Readonly<Record<string, unknown>> {
  const lock = entity[PRIVATE] as PrivateLock | undefined
  if (lock === undefined) return {}
  return { checkedOutBy: null, checkedOutUntil: null, [PRIVATE]: { token: lock.token, client: null } }
}

/** Does the record still say that somebody has it, be it that the lease ran out? */
export const showsLease = (entity: EntityRecord): boolean => typeof entity['checkedOutBy'] === 'string'

const lockFields = (entity: EntityRecord): Readonly<Record<string, unknown>> =>
  Object.fromEntries(LOCK_FIELDS.map(field => [field, entity[field] ?? null]))
