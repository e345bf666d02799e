/** Who may not write a type may not make a record of it either. */
import { expect, it } from 'vitest'
import { hasRole } from '../../server/index.ts'
import { startPoliciesGateway, TYPES } from '../support/policies-gateway.ts'
import { agent, uuid } from '../support/world.ts'

it('a task makes no record for somebody who may only read', async () => {
  const world = await startPoliciesGateway({
    rules: { mayRead: () => 'all', mayWrite: viewer => (hasRole(viewer, 'auditor') ? 'none' : 'own') },
  })
  const auditor = { ...agent('eve'), roles: ['auditor'] }
  const record = { type: TYPES.merge, id: uuid() }
  const { task } = await world.run(auditor, 'make', { ...record, fields: { a: 1 } })
  expect(task).toMatchObject({ status: 'REJECTED', rejection: { code: 'FORBIDDEN' } })
  expect(await world.record(auditor, record)).toBeNull()
  expect((await world.run(agent('ann'), 'make', { ...record, fields: { a: 1 } })).task.status).toBe('CONFIRMED')
  await world.close()
})
