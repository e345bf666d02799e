/** Several gateways are started at once, and the database is empty: one of them makes the store, the others find it. */
import { describe, expect, it } from 'vitest'
import { postgres } from '../../server/store/postgres.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'

describe.skipIf(postgresMissing())('stores that are opened at once on an empty database', () => {
  it('all open, and are one history', async () => {
    const url = await freshDatabase()
    const stores = Array.from({ length: 8 }, () => postgres(url, { writers: 1, readers: 1 }))
    try {
      await Promise.all(stores.map(store => store.open()))
      expect(new Set(stores.map(({ epoch }) => epoch)).size).toBe(1)
      expect(new Set(stores.map(({ secret }) => secret)).size).toBe(1)
    } finally {
      await Promise.all(stores.map(store => store.close()))
      await dropDatabase(url)
    }
  })
})
