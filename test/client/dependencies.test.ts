import { describe, expect, test } from 'vitest'
import { Dependencies, idsIn } from '../../client/dependencies.ts'

const entry = (sequence: number, variables: Record<string, unknown>) => ({ id: `e${sequence}`, sequence, variables })
const UUID = '01a1fa9d-42e9-716e-9b48-39d7d4fc6832'

describe('a dependent task names what it builds on', () => {
  test('the first waiting task that mentions an id, in queue order, once', () => {
    const dependencies = new Dependencies(
      () => true,
      () => false,
    )
    dependencies.add(entry(1, { input: { id: 'c1' } }))
    dependencies.add(entry(2, { input: { id: 'v1', customerId: 'c1' } }))
    dependencies.add(entry(3, { id: 'c1', patch: {} }))
    expect(dependencies.after({ vacationId: 'v1', notes: { customerIds: ['c1', 'c1'] } })).toEqual(['e1', 'e2'])
    expect(dependencies.after({ id: 'c9' })).toEqual([])
    expect(dependencies.after({ id: 'c1' }, 1)).toEqual([])
  })

  test('not a settled one, and not because of a record that the gateway knows', () => {
    const settled = new Set<string>()
    const known = new Set<string>()
    const dependencies = new Dependencies(
      id => !settled.has(id),
      id => known.has(id),
    )
    dependencies.add(entry(1, { id: 'c1' }))
    dependencies.add(entry(2, { id: 'c1' }))
    settled.add('e1')
    expect(dependencies.after({ id: 'c1' })).toEqual(['e2'])
    known.add('c1')
    expect(dependencies.after({ id: 'c1' })).toEqual([])
  })

  test('not because of a record that an earlier task merely refers to', () => {
    const dependencies = new Dependencies(
      () => true,
      () => false,
    )
    dependencies.add(entry(1, { input: { vacationId: 'v1', hotelOfferId: 'h1' } }), () => new Set(['v1']))
    expect(dependencies.after({ input: { vacationId: 'v2', hotelOfferId: 'h1' } })).toEqual([])
    expect(dependencies.after({ id: 'v1' })).toEqual(['e1'])
  })

  test('and forgets one that came to nothing', () => {
    const dependencies = new Dependencies(
      () => true,
      () => false,
    )
    const dropped = entry(1, { id: 'c1' })
    dependencies.add(dropped)
    dependencies.remove(dropped)
    expect(dependencies.after({ id: 'c1' })).toEqual([])
  })

  test('in a queue of 2,000 that all mention the same offer', () => {
    const dependencies = new Dependencies(
      () => true,
      id => id === 'offer',
    )
    let asked = 0
    for (let sequence = 1; sequence <= 2000; sequence += 1) {
      const variables = { hotelOfferId: 'offer', vacationId: `v${sequence}` }
      asked += dependencies.after(variables).length
      dependencies.add(entry(sequence, variables))
    }
    expect(asked).toBe(0)
  })
})

test('ids are UUIDs anywhere, and whatever stands under a key named for an id', () => {
  const value = {
    id: 'a',
    customerId: 'b',
    ids: ['c'],
    notes: `d`,
    place: 'Paris',
    deep: [{ parentID: 'e', text: UUID }],
    idle: 'f',
    sentence_id: 'g',
    emptyId: '',
    oddId: 'not an id',
  }
  expect([...idsIn(value)].sort()).toEqual([UUID, 'a', 'b', 'c', 'e'])
})
