import { describe, expect, it } from 'vitest'
import {
  type Choices,
  type Compared,
  choose,
  chosen,
  contested,
  isWhole,
  leftOut,
  movedOn,
  resultOf,
  type Side,
  settlementOf,
  uncontested,
  WHOLE,
} from '../../client/vacation/conflicts/choices.ts'

const CUSTOMER: Compared = {
  type: 'Customer',
  entityId: 'customer-1',
  fields: ['phone', 'notes'],
  base: { phone: '1', notes: null, email: 'old@example.com' },
  mine: { phone: '2', notes: 'mine', email: 'new@example.com' },
  theirs: { phone: '3', notes: 'theirs', email: 'old@example.com' },
}
const VACATION: Compared = {
  type: 'Vacation',
  entityId: 'vacation-1',
  fields: ['travellers', 'notes'],
  base: { travellers: 2, notes: null },
  mine: { travellers: 4, notes: 'mine' },
  theirs: { travellers: 3, notes: 'theirs' },
}

const of = (conflict: Compared, sides: Record<string, Side>): Choices =>
  Object.assign({}, ...Object.entries(sides).map(([field, side]) => choose(conflict, [field], side)))
const settled = (conflict: Compared, sides: Record<string, Side>): unknown =>
  settlementOf(conflict, of(conflict, sides))

describe('field by field', () => {
  it('nothing follows while a field is open', () => {
    expect(settled(CUSTOMER, {})).toBe(undefined)
    expect(settled(CUSTOMER, { phone: 'mine' })).toBe(undefined)
    expect(resultOf(CUSTOMER, of(CUSTOMER, { phone: 'mine' }))).toBe(undefined)
  })

  it('what nobody else touched goes along with every decision, also when theirs is taken of all that both changed', () => {
    expect(contested(CUSTOMER)).toEqual(['phone', 'notes'])
    expect(uncontested(CUSTOMER)).toEqual(['email'])
    expect(settled(CUSTOMER, { phone: 'mine', notes: 'mine' })).toEqual({ decision: 'KEEP_MINE' })
    expect(settled(CUSTOMER, { phone: 'theirs', notes: 'theirs' })).toEqual({
      decision: 'MERGE',
      values: { phone: '3', notes: 'theirs', email: 'new@example.com' },
    })
  })

  it('is left out when the person says so', () => {
    expect(settled(CUSTOMER, { phone: 'theirs', notes: 'theirs', email: 'theirs' })).toEqual({
      decision: 'TAKE_THEIRS',
    })
    const values = { phone: '2', notes: 'theirs', email: 'old@example.com' }
    expect(settled(CUSTOMER, { phone: 'mine', notes: 'theirs', email: 'theirs' })).toEqual({
      decision: 'MERGE',
      values,
    })
    expect(leftOut(CUSTOMER, values)).toEqual(of(CUSTOMER, { email: 'theirs' }))
  })

  it('a field that the change leaves as it was stays as somebody else made it', () => {
    const conflict = {
      ...CUSTOMER,
      fields: ['phone', 'notes'],
      theirs: { ...CUSTOMER.theirs, email: 'their@example.com' },
    }
    const unedited = { ...conflict, mine: { ...conflict.mine, email: 'old@example.com' } }
    expect(uncontested(unedited)).toEqual([])
    expect(settled(unedited, { phone: 'mine', notes: 'mine' })).toEqual({
      decision: 'MERGE',
      values: { phone: '2', notes: 'mine', email: 'their@example.com' },
    })
  })

  it('a field that changes once more is open again, and no other', () => {
    const before = of(CUSTOMER, { phone: 'mine', notes: 'mine' })
    const now = { ...CUSTOMER, theirs: { ...CUSTOMER.theirs, phone: '4' } }
    expect(movedOn(now, before)).toEqual(['phone'])
    expect(chosen(now, before, 'notes')).toBe('mine')
    expect(settlementOf(now, before)).toBe(undefined)
  })

  it('what another policy brings into the conflict, and the change does not hold, is not sent', () => {
    const conflict = { ...CUSTOMER, fields: ['phone', 'address'], mine: { phone: '2' } }
    expect(contested(conflict)).toEqual(['phone'])
    expect(resultOf(conflict, of(conflict, { phone: 'mine' }))).toEqual({ phone: '2' })
  })
})

describe('all or nothing', () => {
  const deletedThere: Compared = { ...CUSTOMER, theirs: null }
  const deletedHere: Compared = { ...CUSTOMER, fields: ['phone'], mine: { deleted: true } }

  it('where one side deleted the record', () => {
    for (const conflict of [deletedThere, deletedHere]) {
      expect(isWhole(conflict)).toBe(true)
      expect(settled(conflict, { phone: 'mine' })).toBe(undefined)
      expect(settled(conflict, { [WHOLE]: 'mine' })).toEqual({ decision: 'KEEP_MINE' })
      expect(settled(conflict, { [WHOLE]: 'theirs' })).toEqual({ decision: 'TAKE_THEIRS' })
    }
  })

  it('where only suppliers have a say', () => {
    const conflict: Compared = {
      ...VACATION,
      fields: ['status'],
      mine: { status: 'CANCELLED' },
      theirs: { status: 'BOOKED' },
    }
    expect(settled(conflict, {})).toBe(undefined)
    expect(settled(conflict, { [WHOLE]: 'theirs' })).toEqual({ decision: 'TAKE_THEIRS' })
    expect(settled(conflict, { [WHOLE]: 'mine' })).toEqual({ decision: 'TAKE_THEIRS', anew: { kind: 'cancel' } })
  })
})

describe('a vacation', () => {
  it('asks the suppliers anew for what differs from the server', () => {
    expect(settled(VACATION, { travellers: 'mine', notes: 'theirs' })).toEqual({
      decision: 'TAKE_THEIRS',
      anew: { kind: 'change', patch: { travellers: 4 } },
    })
    expect(settled(VACATION, { travellers: 'theirs', notes: 'theirs' })).toEqual({ decision: 'TAKE_THEIRS' })
  })

  it('is merged like any other record when only its notes are in question', () => {
    const notes: Compared = { ...VACATION, fields: ['notes'], mine: { notes: 'mine' } }
    expect(settled(notes, { notes: 'mine' })).toEqual({ decision: 'KEEP_MINE' })
  })
})
