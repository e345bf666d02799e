/** `checkOut` and `checkIn`: taking a record for oneself for a while, and giving it back. The lease itself: ../locks.ts. */
import { REJECTION_CODES } from '../../protocol/index.ts'
import { leased, leaseOf, MOST_MINUTES, released, showsLease } from '../locks.ts'
import { hasRole } from '../viewer.ts'
import { defineTask, type PlainTask } from './define-task.ts'
import { confirmed, type Outcome, rejected } from './outcome.ts'
import type { RecordTransaction } from './transaction.ts'

interface CheckInArguments {
  readonly type: string
  readonly id: string
}

interface CheckOutArguments extends CheckInArguments {
  readonly minutes: number
}

export function checkOutTask(): PlainTask<CheckOutArguments> {
  return defineTask<CheckOutArguments>('checkOut', {
    touches: ({ type, id }) => [{ type, id }],
    run: (args, transaction) => checkOut(args, transaction as RecordTransaction),
  })
}

/** A supervisor may give back what another holds: the lease is broken, and that is reported. */
export function checkInTask(supervisorRole: string): PlainTask<CheckInArguments> {
  return defineTask<CheckInArguments>('checkIn', {
    touches: ({ type, id }) => [{ type, id }],
    run: (args, transaction) => checkIn(args, transaction as RecordTransaction, supervisorRole),
  })
}

async function checkOut({ type, id, minutes }: CheckOutArguments, transaction: RecordTransaction): Promise<Outcome> {
  if (minutes < 1 || minutes > MOST_MINUTES) {
    const message = `minutes must be from 1 to ${MOST_MINUTES}.`
    return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: 'minutes' })
  }
  const writable = await transaction.writable(type, id)
  if (writable.kind === 'rejected') return writable
  const { current, collection } = writable
  if (!collection.keepsVersions) {
    const message = `${type} is written by the gateway alone: there is nothing to check out.`
    return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: 'type' })
  }
  if (current.deleted) return rejected(REJECTION_CODES.NOT_FOUND, `This ${type} was deleted.`, { field: 'id' })
  const refusal = transaction.refusalOfLease(writable)
  if (refusal !== undefined) return refusal
  const { now, bearer } = transaction
  const until = new Date(Date.parse(now) + minutes * 60_000).toISOString()
  const lock = leased(current.entity, bearer, { now, until })
  transaction.writeLock(writable, lock)
  const token = leaseOf({ ...current.entity, ...lock }, now)?.token ?? null
  return confirmed({ token: { value: token }, until: { value: until }, heldBy: { value: bearer.user } })
}

async function checkIn(
  { type, id }: CheckInArguments,
  transaction: RecordTransaction,
  supervisorRole: string,
): Promise<Outcome> {
  const writable = await transaction.writable(type, id)
  if (writable.kind === 'rejected') return writable
  const { entity } = writable.current
  const refusal = transaction.refusalOfLease(writable)
  if (refusal !== undefined) {
    if (!hasRole(transaction.viewer, supervisorRole)) return refusal
    transaction.reconcile({
      field: 'checkedOutBy',
      from: entity['checkedOutBy'],
      to: null,
      rule: 'LOCK_BROKEN',
      message: `The lease until ${String(entity['checkedOutUntil'])} was broken by a supervisor.`,
      type,
    })
  }
  if (showsLease(entity)) transaction.writeLock(writable, released(entity))
  return confirmed({})
}
