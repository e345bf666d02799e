/** Who holds an installation: books, cancels, edits customers that another device of the same user edits too, and settles conflicts. */
import { booking } from '../support/world.ts'
import type { HeldRecord, Installation } from './installation.ts'

/** Sold out from the beginning, so that hotel and flight have to be given back. */
export const SOLD_OUT_CAR = 'car-lisbon-2'

const FEWEST_CUSTOMERS = 3

export interface PersonOptions {
  readonly installation: Installation
  /** The customer's field that this device alone writes: its last value tells whether edits took effect in order. */
  readonly ownField: 'phone' | 'address'
  readonly random: () => number
  readonly uuid: () => string
}

interface Known {
  readonly id: string
  readonly version: number
}

export class Person {
  readonly installation: Installation
  readonly ownField: 'phone' | 'address'
  readonly #random: () => number
  readonly #uuid: () => string
  /** Customers made here that no pull has brought yet. */
  readonly #made = new Set<string>()
  readonly #cancelled = new Set<string>()
  /** The version of theirs that each conflict was settled on, by task. */
  readonly #settled = new Map<string, number>()
  #count = 0

  constructor({ installation, ownField, random, uuid }: PersonOptions) {
    this.installation = installation
    this.ownField = ownField
    this.#random = random
    this.#uuid = uuid
  }

  act(): void {
    const customers = this.#customers()
    const customer = this.#pick(customers)
    const chance = this.#random()
    if (customer === undefined || customers.length < FEWEST_CUSTOMERS || chance < 0.08) this.#create()
    else if (chance < 0.4) this.#book(customer)
    else if (chance < 0.65) this.#edit(customer, this.ownField)
    else if (chance < 0.8) this.#edit(customer, 'notes')
    else if (chance < 0.9) this.#cancel()
    else if (chance < 0.94) this.#delete(customer)
    else this.settle()
  }

  /** Every conflict of its own tasks that it knows; how many they are. */
  settle(): number {
    const own = new Set(this.installation.tasks.map(({ id }) => id))
    const conflicts = this.installation.ofType('Task').filter(({ id, status }) => status === 'CONFLICT' && own.has(id))
    for (const { id, conflict } of conflicts) {
      const { theirs, theirsVersion, mine } = conflict as { theirs: unknown; theirsVersion: number; mine: object }
      // One decision for each state of it, as a person takes it.
      if (this.#settled.get(id) === theirsVersion) continue
      this.#settled.set(id, theirsVersion)
      const isLost = theirs === null || 'deleted' in mine
      const decision = isLost || this.#random() < 0.5 ? 'TAKE_THEIRS' : 'KEEP_MINE'
      this.installation.queue('resolveConflict', { conflictOf: id, decision, theirsVersion })
    }
    return conflicts.length
  }

  #customers(): Known[] {
    const held = this.installation.ofType('Customer')
    for (const { id } of held) this.#made.delete(id)
    // Version 0: made here and not yet seen to come back.
    return [...held, ...[...this.#made].map(id => ({ id, version: 0 }))]
  }

  #create(): void {
    const id = this.#uuid()
    this.#made.add(id)
    const name = `Club of ${this.installation.name}`
    this.installation.queue('createCustomer', { input: { id, name, email: 'club@example.com' } })
  }

  #book({ id }: Known): void {
    const wish = this.#random() < 0.15 ? { carOfferId: SOLD_OUT_CAR, carOptional: false } : {}
    this.installation.queue('bookVacation', { input: booking(id, { ...wish, vacationId: this.#uuid() }) })
  }

  #edit({ id, version }: Known, field: string): void {
    this.#count += 1
    const patch = { [field]: `${this.installation.name} ${this.#count}` }
    this.installation.queue('updateCustomer', { id, baseVersion: version, patch })
  }

  #cancel(): void {
    const vacation = this.#pick(
      this.installation
        .ofType('Vacation')
        .filter(({ id, vacationStatus }) => vacationStatus === 'BOOKED' && !this.#cancelled.has(id)),
    )
    if (vacation === undefined) return
    this.#cancelled.add(vacation.id)
    this.installation.queue('cancelVacation', { id: vacation.id, baseVersion: vacation.version })
  }

  #delete({ id, version }: Known): void {
    this.#made.delete(id)
    this.installation.queue('deleteCustomer', { id, baseVersion: version })
  }

  #pick<Value extends Known | HeldRecord>(values: readonly Value[]): Value | undefined {
    return values[Math.floor(this.#random() * values.length)]
  }
}
