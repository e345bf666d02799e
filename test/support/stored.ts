/** Records and tasks as a store keeps them, all alike but for what a test is about. */
import type { NewTask, StoredRecord } from '../../server/store/store.ts'

/** The partition that they are in. */
export const P = 'tenant:north'

export const record = (key: string, version = 1, fields: object = {}, owner: string | null = 'ann'): StoredRecord => ({
  partition: P,
  type: 'Thing',
  key,
  owner,
  deleted: false,
  entity: { __typename: 'Thing', id: key, version, updatedAt: '2027-01-01T00:00:00.000Z', updatedBy: owner, ...fields },
})

export const task = (id: string, more: Partial<NewTask> = {}): NewTask => ({
  partition: P,
  user: 'ann',
  id,
  name: 'doThing',
  definitionVersion: 1,
  inputHash: 'h',
  args: { a: 1 },
  viewer: { user: 'ann', tenant: 'north', roles: ['agent'] },
  client: 'device-1',
  sequence: 1,
  after: [],
  token: null,
  touches: [],
  status: 'ACCEPTED',
  state: 'waiting',
  payload: {},
  contested: null,
  takenAt: 1000,
  ...more,
})
