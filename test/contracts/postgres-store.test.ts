import { describe } from 'vitest'
import { postgres } from '../../server/store/postgres.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { storeContract } from './store.contract.ts'

describe.skipIf(postgresMissing())('on Postgres', () => {
  storeContract('Postgres', async () => {
    const url = await freshDatabase()
    return {
      async open(setting) {
        const store = postgres(url)
        await store.open(setting)
        return store
      },
      remove: () => dropDatabase(url),
    }
  })
})
