/** A refresh of reference data that brings nothing new sends nothing to any device. */
import { expect, it } from 'vitest'
import { defineCollection, referenceData } from '../../server/index.ts'
import { startSmallGateway } from '../support/small-gateway.ts'

it('records with values that JSON has no word for are the same at the next import', async () => {
  const small = await startSmallGateway([], {
    collections: [defineCollection('Note', referenceData)],
    typeDefs: `type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID text: String }
      extend type Query { note: Note }`,
  })
  const records = [{ id: 'a', text: undefined, stars: -0, since: new Date(0) }]
  expect(await small.gateway.importRecords('Note', records)).toBe(1)
  expect(await small.gateway.importRecords('Note', records)).toBe(0)
  expect(await small.gateway.importRecords('Note', [{ id: 'a', text: 'new' }])).toBe(1)
  await small.close()
})
