/** Plain tasks on customers: one transaction each. */
import { confirmed, defineTask, type TaskDefinition } from 'layover/server'
import type {
  MutationCreateCustomerArgs,
  MutationDeleteCustomerArgs,
  MutationUpdateCustomerArgs,
} from './__generated__/resolvers.ts'
import { checkId, invalid } from './input.ts'

const customer = (id: string): { type: string; id: string } => ({ type: 'Customer', id })

const createCustomer = defineTask<MutationCreateCustomerArgs>('createCustomer', {
  touches: ({ input }) => [customer(input.id)],
  run: async ({ input }, transaction) => {
    const { id, name, email, phone, address, notes } = input
    const refusal = checkId('input.id', id)
    if (refusal !== undefined) return refusal
    const written = await transaction.create('Customer', id, {
      ownerId: transaction.viewer.user,
      name: name.trim(),
      email: email ?? null,
      phone: phone ?? null,
      address: address ?? null,
      notes: notes ?? null,
    })
    return written.kind === 'written' ? confirmed({ customer: customer(id) }) : written
  },
})

const updateCustomer = defineTask<MutationUpdateCustomerArgs>('updateCustomer', {
  touches: ({ id }) => [customer(id)],
  run: async ({ id, baseVersion, patch }, transaction) => {
    if (Object.keys(patch).length === 0) return invalid('patch', 'patch is empty: name at least one field to change.')
    const written = await transaction.update('Customer', id, baseVersion, { ...patch })
    return written.kind === 'written' ? confirmed({ customer: customer(id) }) : written
  },
})

const deleteCustomer = defineTask<MutationDeleteCustomerArgs>('deleteCustomer', {
  touches: ({ id }) => [customer(id)],
  run: async ({ id, baseVersion }, transaction) => {
    const written = await transaction.remove('Customer', id, baseVersion)
    return written.kind === 'written' ? confirmed({ customer: null }) : written
  },
})

export const customerTasks: readonly TaskDefinition[] = [createCustomer, updateCustomer, deleteCustomer]
