import type { DocumentNode } from 'graphql'
import type { OutboxEntry } from 'layover/client'
import { type TaskRegistration, task } from 'layover/client'
import {
  BookVacationDocument,
  type BookVacationMutationVariables,
  CancelVacationDocument,
  type CancelVacationMutationVariables,
  ChangeVacationDocument,
  type ChangeVacationMutationVariables,
  CheckInDocument,
  type CheckInMutationVariables,
  CheckOutDocument,
  type CheckOutMutationVariables,
  CreateCustomerDocument,
  type CreateCustomerMutationVariables,
  DeleteCustomerDocument,
  type DeleteCustomerMutationVariables,
  ReviewConflictDocument,
  type ReviewConflictMutationVariables,
  UpdateCustomerDocument,
  type UpdateCustomerMutationVariables,
} from '../__generated__/graphql.ts'

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
  task(ChangeVacationDocument, {
    optimistic: ({ id, patch: { startsOn, endsOn, travellers, ...rest } }) => ({
      changeVacation: {
        vacation: {
          __typename: 'Vacation',
          id,
          ...(startsOn ? { startsOn } : {}),
          ...(endsOn ? { endsOn } : {}),
          ...(travellers ? { travellers } : {}),
          ...rest,
        },
      },
    }),
    onConflict: 'ask',
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
          checkedOutBy: null,
          checkedOutUntil: null,
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
  // Tasks, so that the gateway knows from which installation they come: the lease is that one's.
  task(CheckOutDocument, {}),
  task(CheckInDocument, {}),
  task(ReviewConflictDocument, {}),
]

/** An outbox entry whose task this version of the page knows. */
export type KnownTask =
  | { name: 'BookVacation'; variables: BookVacationMutationVariables }
  | { name: 'ChangeVacation'; variables: ChangeVacationMutationVariables }
  | { name: 'CancelVacation'; variables: CancelVacationMutationVariables }
  | { name: 'CreateCustomer'; variables: CreateCustomerMutationVariables }
  | { name: 'UpdateCustomer'; variables: UpdateCustomerMutationVariables }
  | { name: 'DeleteCustomer'; variables: DeleteCustomerMutationVariables }
  | { name: 'CheckOut'; variables: CheckOutMutationVariables }
  | { name: 'CheckIn'; variables: CheckInMutationVariables }
  | { name: 'ReviewConflict'; variables: ReviewConflictMutationVariables }

/** The entry with its variables' own types; undefined for a task of another version, or the library's own. */
export function knownTask(entry: Pick<OutboxEntry, 'name' | 'variables'>): KnownTask | undefined {
  return TASKS.some(({ name }) => name === entry.name) ? (entry as unknown as KnownTask) : undefined
}

/** By operation name: for queueing once more what was withdrawn. */
export const DOCUMENTS: ReadonlyMap<string, DocumentNode> = new Map<string, DocumentNode>([
  ['BookVacation', BookVacationDocument],
  ['ChangeVacation', ChangeVacationDocument],
  ['CancelVacation', CancelVacationDocument],
  ['CreateCustomer', CreateCustomerDocument],
  ['UpdateCustomer', UpdateCustomerDocument],
  ['DeleteCustomer', DeleteCustomerDocument],
])
