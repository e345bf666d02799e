import type { OutboxEntry } from 'layover/client'
import { type TaskRegistration, task } from 'layover/client'
import {
  BookVacationDocument,
  type BookVacationMutationVariables,
  CancelVacationDocument,
  type CancelVacationMutationVariables,
  CreateCustomerDocument,
  type CreateCustomerMutationVariables,
  DeleteCustomerDocument,
  type DeleteCustomerMutationVariables,
  UpdateCustomerDocument,
  type UpdateCustomerMutationVariables,
} from './__generated__/graphql.ts'

/** A record that only this device knows: the gateway gives version, time and owner. */
const NEW = { version: 0, updatedAt: '', updatedBy: null, ownerId: '' }

/**
 * The mutations that wait in the outbox. What is deleted or cancelled stays as it is until the gateway has said so: the
 * page marks it from the outbox.
 */
export const TASKS: TaskRegistration[] = [
  task(BookVacationDocument, {
    optimistic: ({ input }) => ({
      bookVacation: {
        vacation: {
          __typename: 'Vacation',
          ...NEW,
          id: input.vacationId,
          customerId: input.customerId,
          status: 'REQUESTED' as const,
          startsOn: input.startsOn,
          endsOn: input.endsOn,
          travellers: input.travellers,
          notes: input.notes ?? null,
          hotel: null,
          flight: null,
          car: null,
          total: null,
        },
      },
    }),
  }),
  task(CancelVacationDocument, {}),
  task(CreateCustomerDocument, {
    optimistic: ({ input }) => ({
      createCustomer: {
        customer: {
          __typename: 'Customer',
          ...NEW,
          id: input.id,
          name: input.name,
          email: input.email ?? null,
          phone: input.phone ?? null,
          address: input.address ?? null,
          notes: input.notes ?? null,
        },
      },
    }),
  }),
  task(UpdateCustomerDocument, {
    optimistic: ({ id, patch: { ownerId: _, name, ...fields } }) => ({
      updateCustomer: { customer: { __typename: 'Customer', id, ...(name ? { name } : {}), ...fields } },
    }),
    onConflict: 'ask',
  }),
  task(DeleteCustomerDocument, {}),
]

/** An outbox entry whose task this version of the page knows. */
export type KnownTask =
  | { name: 'BookVacation'; variables: BookVacationMutationVariables }
  | { name: 'CancelVacation'; variables: CancelVacationMutationVariables }
  | { name: 'CreateCustomer'; variables: CreateCustomerMutationVariables }
  | { name: 'UpdateCustomer'; variables: UpdateCustomerMutationVariables }
  | { name: 'DeleteCustomer'; variables: DeleteCustomerMutationVariables }

/** The entry with its variables' own types; undefined for a task of another version, or the library's own. */
export function knownTask(entry: Pick<OutboxEntry, 'name' | 'variables'>): KnownTask | undefined {
  return TASKS.some(({ name }) => name === entry.name) ? (entry as unknown as KnownTask) : undefined
}
