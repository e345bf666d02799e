/** What follows from a change of a customer, in the same transaction, whether a task or a person's decision makes it. */
import { type EntityRecord, type RecordChange, type Rejected, rejected, type TaskTransaction } from 'layover/server'
import { dayOf } from './dates.ts'

/** Vacations of a customer that are held in memory at a time. */
const PAGE = 500

export async function customerBeforeWrite(
  { id, before, after }: RecordChange,
  transaction: TaskTransaction,
): Promise<Rejected | undefined> {
  if (before === null) return undefined
  if (after === null) return keptByVacations(id, transaction)
  return before['ownerId'] === after['ownerId'] ? undefined : moveVacations(id, after['ownerId'], transaction)
}

/** Somebody is going on vacation, or is on one: the suppliers expect this customer. */
async function keptByVacations(customerId: string, transaction: TaskTransaction): Promise<Rejected | undefined> {
  const today = dayOf(transaction.now)
  for await (const vacation of vacationsOf(customerId, transaction)) {
    if (vacation['status'] !== 'BOOKED' || String(vacation['endsOn']) < today) continue
    const message = `There is a vacation booked from ${vacation['startsOn']} to ${vacation['endsOn']}. Cancel it first (cancelVacation), or wait until it is over.`
    return rejected('CUSTOMER_HAS_VACATIONS', message, { field: 'id' })
  }
  return undefined
}

/** A customer's vacations belong to the customer's agent, so that no device shows one without the other. */
async function moveVacations(
  customerId: string,
  ownerId: unknown,
  transaction: TaskTransaction,
): Promise<Rejected | undefined> {
  for await (const { id, version, ownerId: former } of vacationsOf(customerId, transaction)) {
    if (former === ownerId) continue
    const written = await transaction.update('Vacation', id, version, { ownerId })
    // Nobody else writes inside this transaction, and whoever may move the customer may write its vacations.
    if (written.kind === 'conflict') throw new Error(`vacation ${id} changed inside a transaction`)
    if (written.kind === 'rejected') return written
  }
  return undefined
}

async function* vacationsOf(customerId: string, transaction: TaskTransaction): AsyncGenerator<EntityRecord> {
  let after = ''
  for (;;) {
    const page = await transaction.list('Vacation', { equals: { customerId }, after, first: PAGE })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = last.id
  }
}
