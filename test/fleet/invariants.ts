/** What must be true of a fleet at rest, however it came there. */

import type { HeldReservation } from '../../server/vacation/suppliers/sandbox-store.ts'
import { grouped } from './grouped.ts'
import type { HeldRecord, Installation } from './installation.ts'
import type { Person } from './person.ts'
import type { Delivery } from './post-office.ts'

/** A task as the gateway lists it. */
export interface ListedTask {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly rejection: { readonly code: string } | null
}

/** Something that was done to a gateway or to the database. Who wakes finishes what he was at: nobody can call that back. */
export interface Fault {
  readonly kind: 'kill' | 'freeze' | 'wake' | 'crash'
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Of a crash: when the database served again. Of a freeze: when the gateway woke; it may hold others up until then. */
  readonly until?: number
}

/** A user of the fleet, as everything stands at rest. */
export interface UserAtRest {
  readonly name: string
  readonly people: readonly Person[]
  /** In the order in which the gateway took them. */
  readonly tasks: readonly ListedTask[]
  /** What a new device is given. */
  readonly fresh: Installation
}

export interface AtRest {
  readonly users: readonly UserAtRest[]
  /** Devices that only read, each beside what a new one is given. */
  readonly readers: readonly { readonly reader: Installation; readonly fresh: Installation }[]
  readonly reservations: readonly HeldReservation[]
  readonly deliveries: readonly Delivery[]
  readonly faults: readonly Fault[]
  /** Ids of tasks that another gateway was given than the one that took them. */
  readonly handedOver: ReadonlySet<string>
  /** Unfinished tasks, by the gateway's own count. */
  readonly unfinished: number
}

export interface Invariant {
  /** A sentence. */
  readonly holds: string
  /** On how much it was tried. */
  readonly figure: string
  /** In words; none: it holds. */
  readonly violations: readonly string[]
}

const FINAL: readonly string[] = ['CONFIRMED', 'REJECTED', 'CANCELLED']

export function invariants(rest: AtRest): Invariant[] {
  return [
    answeredAsAgreed(rest),
    onceWithItsState(rest),
    inOrder(rest),
    editsInOrder(rest),
    editsOnce(rest),
    vacations(rest),
    reservations(rest),
    nothingUnfinished(rest),
    devices(rest),
    mails(rest),
  ]
}

const peopleOf = ({ users }: AtRest): Person[] => users.flatMap(({ people }) => people)

function answeredAsAgreed(rest: AtRest): Invariant {
  const all = [...peopleOf(rest).map(({ installation }) => installation), ...rest.readers.map(({ reader }) => reader)]
  return {
    holds: 'no answer contradicts an earlier one, and no device is told of a mistake or sent back',
    figure: `${all.length} installations`,
    violations: all.flatMap(({ complaints, resets, name }) =>
      resets > 0 ? [...complaints, `${name} was reset ${resets} times`] : complaints,
    ),
  }
}

function onceWithItsState({ users }: AtRest): Invariant {
  const violations: string[] = []
  let acknowledged = 0
  for (const { name, people, tasks } of users) {
    const byId = grouped(tasks, ({ id }) => id)
    for (const [id, found] of byId)
      if (found.length > 1) violations.push(`${name}: ${id} is there ${found.length} times`)
    for (const { installation } of people) {
      for (const { id, name: task, heard } of installation.tasks) {
        const listed = byId.get(id)?.[0]
        if (heard === undefined) violations.push(`${installation.name}: ${task} ${id} was never acknowledged`)
        else acknowledged += 1
        if (listed === undefined) violations.push(`${installation.name}: ${task} ${id} was ${heard}, and is lost`)
        else if (FINAL.includes(heard ?? '') && listed.status !== heard)
          violations.push(`${installation.name}: ${task} ${id} was ${heard}, and is ${listed.status}`)
      }
    }
    const known = new Set(people.flatMap(({ installation }) => installation.tasks.map(({ id }) => id)))
    for (const { id } of tasks) if (!known.has(id)) violations.push(`${name}: nobody made ${id}`)
  }
  return {
    holds: 'every acknowledged task is there once, as acknowledged',
    figure: `${acknowledged} tasks`,
    violations,
  }
}

function inOrder({ users }: AtRest): Invariant {
  const violations: string[] = []
  let count = 0
  for (const { people, tasks } of users) {
    for (const { installation } of people) {
      const places = new Map(installation.tasks.map(({ id, sequence }) => [id, sequence]))
      let before = -1
      for (const { id } of tasks) {
        const place = places.get(id)
        if (place === undefined) continue
        count += 1
        if (place < before) violations.push(`${installation.name}: ${place} was taken after ${before}`)
        before = place
      }
    }
  }
  return { holds: 'tasks of an installation were taken in their order', figure: `${count} tasks`, violations }
}

/** Fields that one device alone writes are never contested: the last confirmed edit is what stands. */
function editsInOrder({ users }: AtRest): Invariant {
  const violations: string[] = []
  let count = 0
  for (const { people, tasks, fresh } of users) {
    const status = new Map(tasks.map(task => [task.id, task.status]))
    for (const { installation, ownField } of people) {
      const last = new Map<string, unknown>()
      for (const { id, name, args } of installation.tasks) {
        const patch = args['patch'] as Record<string, unknown> | undefined
        if (name !== 'updateCustomer' || status.get(id) !== 'CONFIRMED' || patch?.[ownField] === undefined) continue
        last.set(String(args['id']), patch[ownField])
      }
      for (const [id, value] of last) {
        const customer = fresh.records.get(`Customer:${id}`)
        if (customer === undefined) continue
        count += 1
        if (customer[ownField] !== value)
          violations.push(`customer ${id}: ${ownField} is ${customer[ownField]}, the last edit was ${value}`)
      }
    }
  }
  return { holds: 'edits of an installation took effect in their order', figure: `${count} fields`, violations }
}

/** Each effective edit makes one version. */
function editsOnce({ users }: AtRest): Invariant {
  const violations: string[] = []
  let count = 0
  for (const { people, tasks, fresh } of users) {
    const confirmed = new Set(tasks.flatMap(({ id, status }) => (status === 'CONFIRMED' ? [id] : [])))
    const edits = new Map<string, number>()
    for (const { installation } of people)
      for (const { id, name, args } of installation.tasks)
        if (name === 'updateCustomer' && confirmed.has(id))
          edits.set(String(args['id']), (edits.get(String(args['id'])) ?? 0) + 1)
    for (const { id, version } of fresh.ofType('Customer')) {
      count += 1
      const expected = 1 + (edits.get(id) ?? 0)
      if (version !== expected) violations.push(`customer ${id} has version ${version} after ${expected - 1} edits`)
    }
  }
  return { holds: 'every confirmed edit was applied once', figure: `${count} customers`, violations }
}

function vacations({ users }: AtRest): Invariant {
  const violations: string[] = []
  let count = 0
  for (const { name, people, tasks, fresh } of users) {
    const confirmed = new Set(tasks.flatMap(({ id, status }) => (status === 'CONFIRMED' ? [id] : [])))
    const done = people.flatMap(({ installation }) => installation.tasks.filter(({ id }) => confirmed.has(id)))
    const booked = done.flatMap(({ name: task, args }) =>
      task === 'bookVacation' ? [String((args['input'] as { vacationId: string }).vacationId)] : [],
    )
    const cancelled = new Set(done.flatMap(({ name: task, args }) => (task === 'cancelVacation' ? [args['id']] : [])))
    const held = fresh.ofType('Vacation')
    count += held.length
    violations.push(...differences(name, new Set(booked), new Set(held.map(({ id }) => id)), 'vacation'))
    for (const { id, vacationStatus } of held)
      if ((vacationStatus === 'CANCELLED') !== cancelled.has(id)) violations.push(`vacation ${id} is ${vacationStatus}`)
  }
  return {
    holds: 'each confirmed booking is one vacation, cancelled if that was confirmed',
    figure: `${count} vacations`,
    violations,
  }
}

function reservations({ users, reservations: held }: AtRest): Invariant {
  const wanted = users.flatMap(({ fresh }) =>
    fresh
      .ofType('Vacation')
      .filter(({ vacationStatus }) => vacationStatus === 'BOOKED')
      .flatMap(reservedBy),
  )
  const found = held.map(({ supplier, offerId, confirmation }) => `${supplier} ${offerId} ${confirmation}`)
  const violations = differences('suppliers', new Set(wanted), new Set(found), 'reservation')
  if (wanted.length !== found.length)
    violations.push(`${wanted.length} are named by vacations, ${found.length} are held`)
  return {
    holds: 'reserved is what booked vacations hold, and nothing else',
    figure: `${found.length} reservations`,
    violations,
  }
}

const reservedBy = (vacation: HeldRecord): string[] =>
  ['hotel', 'flight', 'car'].flatMap(kind => {
    const reserved = vacation[kind] as { offerId: string; confirmation: string } | null
    return reserved === null ? [] : [`${kind} ${reserved.offerId} ${reserved.confirmation}`]
  })

function nothingUnfinished({ users, unfinished }: AtRest): Invariant {
  const left = users.flatMap(({ name, tasks }) =>
    tasks.flatMap(task => (FINAL.includes(task.status) ? [] : [`${name}: ${task.name} ${task.id} is ${task.status}`])),
  )
  const violations = unfinished === 0 ? left : [...left, `the gateway counts ${unfinished} unfinished tasks`]
  return {
    holds: 'nothing is left unfinished',
    figure: `${users.reduce((sum, { tasks }) => sum + tasks.length, 0)} tasks`,
    violations,
  }
}

function devices({ users, readers }: AtRest): Invariant {
  const pairs = [
    ...users.flatMap(({ people, fresh }) => people.map(({ installation }) => ({ reader: installation, fresh }))),
    ...readers,
  ]
  return {
    holds: 'every device holds what a new one is given, and nothing else',
    figure: `${pairs.length} devices, ${pairs.reduce((sum, { fresh }) => sum + fresh.records.size, 0)} records`,
    violations: pairs.flatMap(({ reader, fresh }) => compare(reader, fresh)),
  }
}

function compare(reader: Installation, fresh: Installation): string[] {
  const missing = differences(reader.name, new Set(fresh.records.keys()), new Set(reader.records.keys()), 'record')
  const other = [...fresh.records].flatMap(([key, record]) => {
    const held = reader.records.get(key)
    if (held === undefined || JSON.stringify(held) === JSON.stringify(record)) return []
    return [`${reader.name}: ${key} is ${JSON.stringify(held)} instead of ${JSON.stringify(record)}`]
  })
  return [...missing, ...other]
}

/** A repeat is explained by a task that changed hands, or by a fault between the first delivery and it. */
function mails({ users, deliveries, faults, handedOver }: AtRest): Invariant {
  const wanted = new Set(
    users.flatMap(({ people, tasks }) => {
      const confirmed = new Set(tasks.flatMap(({ id, status }) => (status === 'CONFIRMED' ? [id] : [])))
      return people.flatMap(({ installation }) =>
        installation.tasks.flatMap(({ id, name, args }) =>
          name === 'bookVacation' && confirmed.has(id)
            ? [`<${id}.${(args['input'] as { vacationId: string }).vacationId}@layover>`]
            : [],
        ),
      )
    }),
  )
  const byId = grouped(deliveries, ({ messageId }) => messageId)
  const violations = differences('mails', wanted, new Set(byId.keys()), 'mail')
  let [repeats, changedHands] = [0, 0]
  for (const [id, [first, ...again]] of byId) {
    repeats += again.length
    if (handedOver.has(id.slice(1).split('.')[0] ?? '')) {
      changedHands += again.length
      continue
    }
    for (const { at } of again) {
      const isExplainedBy = (fault: Fault): boolean =>
        fault.at <= at && (fault.until ?? fault.at) + SLACK_MS >= (first?.at ?? 0)
      if (!faults.some(isExplainedBy))
        violations.push(
          `${id} was sent at ${first?.at} and again at ${at} without a fault; before it: ${lastBefore(faults, at)}`,
        )
    }
  }
  const figure = `${wanted.size} mails, ${repeats} sent again under the same Message-ID, ${changedHands} of them of tasks that changed hands and the others around a fault`
  return {
    holds:
      'each confirmed booking is told of once, but where a process stopped or lost its task between sending and marking',
    figure,
    violations,
  }
}

const lastBefore = (faults: readonly Fault[], at: number): string =>
  faults
    .filter(fault => fault.at <= at)
    .slice(-4)
    .map(fault => `${fault.kind} at ${fault.at}${fault.until === undefined ? '' : ` until ${fault.until}`}`)
    .join(', ') || 'none'

/** What was on its way when a process stopped is delivered a moment later. */
const SLACK_MS = 1000

function differences(where: string, wanted: ReadonlySet<string>, found: ReadonlySet<string>, what: string): string[] {
  return [
    ...[...wanted].filter(each => !found.has(each)).map(each => `${where}: ${what} ${each} is missing`),
    ...[...found].filter(each => !wanted.has(each)).map(each => `${where}: ${what} ${each} is too much`),
  ]
}
