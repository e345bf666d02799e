/**
 * What a person chooses in a conflict, and the decision that follows. Nothing is lost by choosing: what the change wanted
 * beside the contested fields goes along, unless the person leaves that out, too.
 */
import type { Decision } from 'layover/client'

export type Side = 'mine' | 'theirs'
export type Values = Readonly<Record<string, unknown>>

/** Of a conflict, what is compared: the same shape on the device and in a task's report. */
export interface Compared {
  type: string
  entityId: string
  fields: readonly string[]
  /** null: no longer kept. */
  base: Values | null
  /** What the change wanted; `deleted: true` for a deletion. */
  mine: Values | null
  /** null: deleted on the server. */
  theirs: Values | null
}

/** Which side is taken of each field, with what stood on the server then: a field that changes again is open again. */
export type Choices = Readonly<Record<string, { side: Side; seen: unknown }>>

/** Stands for the whole record where it can't be decided field by field. */
export const WHOLE = 'record'

/** What a supplier has to say about a vacation is nobody's choice. */
const OF_SUPPLIERS: ReadonlySet<string> = new Set(['hotel', 'flight', 'car', 'total', 'status'])
/** What the suppliers were told of a vacation: they have to be asked for anything else. */
const OF_THE_STAY: ReadonlySet<string> = new Set(['startsOn', 'endsOn', 'travellers', 'status'])

export const isOfSuppliers = ({ type }: Compared, field: string): boolean =>
  type === 'Vacation' && OF_SUPPLIERS.has(field)
export const isDeletion = ({ mine }: Compared): boolean => mine?.['deleted'] === true

/** Both sides changed them, and a person may take either. */
export function contested(conflict: Compared): readonly string[] {
  const { fields, mine, theirs } = conflict
  if (theirs === null || isDeletion(conflict)) return []
  return fields.filter(field => Object.hasOwn(mine ?? {}, field) && !isOfSuppliers(conflict, field))
}

/** Of the same change, and nobody else touched them: they go along with the decision. */
export function uncontested(conflict: Compared): readonly string[] {
  const { fields, base, mine, theirs } = conflict
  if (isWhole(conflict)) return []
  return Object.keys(mine ?? {}).filter(
    field => !fields.includes(field) && !same(mine?.[field], theirs?.[field]) && !same(mine?.[field], base?.[field]),
  )
}

/** It is all or nothing: one side deleted the record, or no field is for a person to decide. */
export const isWhole = (conflict: Compared): boolean => contested(conflict).length === 0

/** What an earlier decision, which the gateway did not take, left out beside the contested fields. */
export function leftOut(conflict: Compared, decided: Values | undefined): Choices {
  if (!decided) return {}
  const fields = uncontested(conflict).filter(
    field => Object.hasOwn(decided, field) && same(decided[field], conflict.theirs?.[field]),
  )
  return choose(conflict, fields, 'theirs')
}

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left ?? null) === JSON.stringify(right ?? null)

const shownAt = (conflict: Compared, field: string): unknown =>
  field === WHOLE ? conflict.theirs : conflict.theirs?.[field]

export const choose = (conflict: Compared, fields: readonly string[], side: Side): Choices =>
  Object.fromEntries(fields.map(field => [field, { side, seen: shownAt(conflict, field) }]))

/** What is chosen of a field; undefined: nothing, or for something that has changed since. */
export function chosen(conflict: Compared, choices: Choices, field: string): Side | undefined {
  const choice = choices[field]
  return choice && same(choice.seen, shownAt(conflict, field)) ? choice.side : undefined
}

/** Fields in which the server has moved on since the person chose. */
export const movedOn = (conflict: Compared, choices: Choices): readonly string[] =>
  Object.keys(choices).filter(field => chosen(conflict, choices, field) === undefined)

/** What the change makes of the record; undefined while something is open, and where it is all or nothing. */
export function resultOf(conflict: Compared, choices: Choices): Values | undefined {
  if (isWhole(conflict) || contested(conflict).some(field => chosen(conflict, choices, field) === undefined)) {
    return undefined
  }
  const own = new Set(uncontested(conflict))
  return Object.fromEntries(
    Object.keys(conflict.mine ?? {}).map(field => {
      const side = chosen(conflict, choices, field) ?? (own.has(field) ? 'mine' : 'theirs')
      return [field, conflict[side]?.[field] ?? null]
    }),
  )
}

/** How a decision is carried out. */
export interface Settlement {
  decision: Decision
  /** With MERGE. */
  values?: Values
  /** The suppliers have to be asked: beside TAKE_THEIRS this leaves as a change of its own. */
  anew?: { kind: 'change'; patch: Values } | { kind: 'cancel' }
}

/** What follows from the choices; undefined while something is open. */
export function settlementOf(conflict: Compared, choices: Choices): Settlement | undefined {
  const { mine, theirs } = conflict
  if (isWhole(conflict)) {
    const side = chosen(conflict, choices, WHOLE)
    if (side === undefined) return undefined
    if (side === 'mine' && asksSuppliers(conflict)) return anew(mine ?? {})
    return { decision: side === 'mine' ? 'KEEP_MINE' : 'TAKE_THEIRS' }
  }
  const values = resultOf(conflict, choices)
  if (values === undefined) return undefined
  const differing = Object.entries(values).filter(([field, value]) => !same(value, theirs?.[field]))
  if (differing.length === 0) return { decision: 'TAKE_THEIRS' }
  if (asksSuppliers(conflict)) return anew(Object.fromEntries(differing))
  const isAllMine = Object.entries(values).every(([field, value]) => same(value, mine?.[field]))
  return isAllMine ? { decision: 'KEEP_MINE' } : { decision: 'MERGE', values }
}

/** The gateway writes these only together with the reservations, so not as part of a decision. */
const asksSuppliers = ({ type, mine, theirs }: Compared): boolean =>
  type === 'Vacation' && theirs !== null && Object.keys(mine ?? {}).some(field => OF_THE_STAY.has(field))

const anew = (patch: Values): Settlement => ({
  decision: 'TAKE_THEIRS',
  anew: patch['status'] === 'CANCELLED' ? { kind: 'cancel' } : { kind: 'change', patch },
})
