/** What an absence is said to have changed: two states of the same records, compared. */
import { expect, test } from 'vitest'
import { byOthers, compare, inUseFirst, isOfferNews, offersInUse } from '../../client/vacation/report/absence.ts'

const choir = {
  id: 'choir',
  version: 1,
  updatedAt: '2026-11-26T08:00:00Z',
  updatedBy: 'ann',
  name: 'Choir',
  phone: '1',
}
const club = { ...choir, id: 'club', name: 'Club' }
const by = (updatedBy: string | null) => ({ version: 2, updatedBy })

test('what is new, what is gone and which fields changed is found; an order is no change', () => {
  const school = { ...choir, id: 'school', name: 'School' }
  const changes = compare([choir, club], [school, { ...choir, ...by('bob'), phone: '2' }])
  expect(changes.map(({ kind, record, fields }) => [kind, record.id, fields])).toEqual([
    ['new', 'school', []],
    ['changed', 'choir', ['phone']],
    ['gone', 'club', []],
  ])
  expect(changes[1]?.before).toBe(choir)
  expect(compare([choir, club], [club, choir])).toEqual([])
})

test('a new version with the same fields is no news, nor is a lease that was prolonged', () => {
  expect(compare([choir], [{ ...choir, ...by('bob'), updatedAt: '2026-11-26T09:00:00Z' }])).toEqual([])
  const leased = { ...choir, checkedOutBy: 'bob', checkedOutUntil: '2026-11-26T09:00:00Z' }
  expect(compare([leased], [{ ...leased, ...by('bob'), checkedOutUntil: '2026-11-26T10:00:00Z' }])).toEqual([])
})

test('what hangs below a record is compared by its values', () => {
  const price = { amount: 100, currency: 'EUR' }
  const hotel = { ...choir, price }
  expect(compare([hotel], [{ ...hotel, ...by(null), price: { ...price } }])).toEqual([])
  const [change] = compare([hotel], [{ ...hotel, ...by(null), price: { ...price, amount: 120 } }])
  expect(change?.fields).toEqual(['price'])
})

test('own changes are no news; what is gone and what somebody unnamed changed is', () => {
  const [mine, theirs, unnamed] = [by('ann'), by('bob'), by(null)].map((version, index) => ({
    ...choir,
    ...version,
    id: `${index}`,
    phone: '2',
  }))
  const before = [mine, theirs, unnamed, club].map((record, index) => ({ ...choir, id: record?.id ?? `${index}` }))
  const changes = compare(
    before,
    [mine, theirs, unnamed].filter(record => record !== undefined),
  )
  expect(byOthers(changes, 'ann').map(({ kind, record }) => [kind, record.id])).toEqual([
    ['changed', '1'],
    ['changed', '2'],
    ['gone', 'club'],
  ])
})

test('of an offer only its price, its end and its beginning are news, and those of plans come first', () => {
  const offer = { ...choir, price: { amount: 100, currency: 'EUR' }, discontinued: false, validUntil: '2026-12-01' }
  const [dated, dearer, ended] = ['dated', 'dearer', 'ended'].map(id => ({ ...offer, id }))
  if (!dated || !dearer || !ended) throw new Error('three offers')
  const changes = compare(
    [dated, dearer, ended],
    [
      { ...dated, ...by(null), validUntil: '2026-12-02' },
      { ...dearer, ...by(null), price: { amount: 120, currency: 'EUR' } },
      { ...ended, ...by(null), discontinued: true },
    ],
  ).filter(isOfferNews)
  expect(changes.map(({ record }) => record.id)).toEqual(['dearer', 'ended'])
  expect(inUseFirst(changes, new Set(['ended'])).map(({ record }) => record.id)).toEqual(['ended', 'dearer'])
})

test('in use is what waiting bookings ask for and what vacations to come have', () => {
  const of = (offerId: string) => ({ offerId })
  const vacation = { status: 'BOOKED', endsOn: '2026-12-05', hotel: of('hotel'), flight: of('flight'), car: null }
  const inUse = offersInUse(
    [
      vacation,
      { ...vacation, status: 'CANCELLED', hotel: of('cancelled') },
      { ...vacation, endsOn: '2026-11-25', hotel: of('past') },
    ],
    [{ hotelOfferId: 'wished', flightOfferId: 'flight', carOfferId: null }],
    '2026-11-26',
  )
  expect([...inUse].sort()).toEqual(['flight', 'hotel', 'wished'])
})
