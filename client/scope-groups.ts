/**
 * Which scopes are pulled together. A cursor is bound to the scopes it was given for, so scopes that come and go at run time
 * get cursors of their own: one that is added is pulled alone, and one that is dropped takes along only what no other holds.
 *
 * All scopes of the first pull share one cursor, and so do those added together; `reset` and too many cursors join them
 * again. A type of which a scope is dropped leaves its group as a whole, and what is left of it is pulled anew: nothing else
 * tells which of the group's records belonged to which of its scopes.
 */
import type { Scope } from './sync.ts'

export interface ScopeGroup {
  /** A power of two: its mark in the index at every record that it holds. */
  readonly bit: number
  /** null: everything. */
  readonly scopes: readonly Scope[] | null
  /** null before its first page. */
  readonly cursor: string | null
  /** Types of which it holds no record any more, though the cursor still brings them. */
  readonly without: readonly string[] | 'all'
}

/** Each is a request of its own at every pull. */
const MAX_GROUPS = 6
/** Bits that a mark has. */
const MAX_BITS = 30

/** Whether the group still stands for records of the type. */
export function holds({ scopes, without }: ScopeGroup, type: string): boolean {
  if (without === 'all' || without.includes(type)) return false
  return scopes === null || scopes.some(scope => scope.type === type)
}

export function isLive({ scopes, without }: ScopeGroup): boolean {
  return without !== 'all' && (scopes?.some(({ type }) => !without.includes(type)) ?? true)
}

/** Bits of the groups that stand for records of the type. */
export const bitsOf = (groups: readonly ScopeGroup[], type: string): number =>
  groups.reduce((bits, group) => (holds(group, type) ? bits | group.bit : bits), 0)

/**
 * The groups for these scopes: those that are there, without what is not wanted any more, and one for what is missing.
 * undefined: they have to be joined first.
 */
export function regrouped(
  known: readonly ScopeGroup[],
  wanted: readonly Scope[] | null,
): readonly ScopeGroup[] | undefined {
  let groups = trimmed(known, wanted)
  let missing = missingFrom(groups, wanted)
  if (groups.filter(isLive).length + (missing ? 1 : 0) > MAX_GROUPS) {
    const first = groups.find(isLive)
    groups = groups.map(group => (group === first ? group : { ...group, without: 'all' }))
    missing = missingFrom(groups, wanted)
  }
  if (missing === undefined) return groups
  const bit = freeBit(groups)
  return bit === undefined ? undefined : [...groups, { bit, scopes: missing, cursor: null, without: [] }]
}

/** Everything from the start, as one group; what is there stays under the bit of the first, which no longer stands for anything. */
export function joined(wanted: readonly Scope[] | null): readonly ScopeGroup[] {
  return [
    { bit: 1, scopes: null, cursor: null, without: 'all' },
    { bit: 2, scopes: wanted, cursor: null, without: [] },
  ]
}

function trimmed(known: readonly ScopeGroup[], wanted: readonly Scope[] | null): ScopeGroup[] {
  const whole = wanted === null ? known.find(group => group.scopes === null && isLive(group)) : undefined
  const keys = new Set((wanted ?? apartFrom(whole)).map(keyOf))
  return known.map(group => {
    if (group === whole || group.without === 'all') return group
    if (group.scopes === null) return { ...group, without: 'all' }
    const dropped = group.scopes.filter(scope => !keys.has(keyOf(scope))).map(scope => scope.type)
    return { ...group, without: [...new Set([...group.without, ...dropped])] }
  })
}

/** undefined: nothing; null: everything. */
function missingFrom(
  groups: readonly ScopeGroup[],
  wanted: readonly Scope[] | null,
): readonly Scope[] | null | undefined {
  const whole = groups.find(group => group.scopes === null && isLive(group))
  if (wanted === null && !whole) return null
  const there = new Set(
    groups.flatMap(group => group.scopes?.filter(scope => holds(group, scope.type)).map(keyOf) ?? []),
  )
  const missing = (wanted ?? apartFrom(whole)).filter(scope => !there.has(keyOf(scope)))
  return missing.length > 0 ? missing : undefined
}

/** Types that were taken out of the group that holds everything are pulled by scopes of their own. */
const apartFrom = (whole: ScopeGroup | undefined): Scope[] =>
  whole && whole.without !== 'all' ? whole.without.map(type => ({ type })) : []

function freeBit(groups: readonly ScopeGroup[]): number | undefined {
  for (let place = 0; place < MAX_BITS; place += 1) {
    if (groups.every(group => group.bit !== 1 << place)) return 1 << place
  }
  return undefined
}

const keyOf = (scope: Scope): string => JSON.stringify([scope.type, scope.where ?? null])
