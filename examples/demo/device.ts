/** One installation of the travel agent's app, without a screen. */
import { HttpLink, InMemoryCache } from '@apollo/client'
import {
  createOfflineClient,
  type OfflineClient,
  type StorageDriver,
  syncedList,
  type TaskRegistration,
  task,
} from 'layover/client'
import {
  BookVacationDocument,
  CancelVacationDocument,
  ChangesDocument,
  CreateCustomerDocument,
  DeleteCustomerDocument,
  UpdateCustomerDocument,
} from './__generated__/graphql.ts'

const UNSEEN = { version: 0, updatedAt: '', updatedBy: null, ownerId: '' }

/** What can wait in the outbox. Only what a list shows at once needs an optimistic answer. */
const tasks: TaskRegistration[] = [
  task(BookVacationDocument, {
    optimistic: ({ input }) => ({
      bookVacation: {
        vacation: {
          __typename: 'Vacation',
          ...UNSEEN,
          id: input.vacationId,
          customerId: input.customerId,
          status: 'REQUESTED' as const,
          startsOn: input.startsOn,
          endsOn: input.endsOn,
          travellers: input.travellers,
          notes: input.notes ?? null,
        },
      },
    }),
  }),
  task(CreateCustomerDocument, {
    optimistic: ({ input }) => ({ createCustomer: { customer: { __typename: 'Customer', ...UNSEEN, ...input } } }),
  }),
  task(UpdateCustomerDocument, {
    optimistic: ({ id, patch: { ownerId: _, name, ...fields } }) => ({
      updateCustomer: { customer: { __typename: 'Customer', id, ...(name ? { name } : {}), ...fields } },
    }),
  }),
  task(DeleteCustomerDocument, {}),
  task(CancelVacationDocument, {}),
]

/** A document that left the device. */
export interface SentDocument {
  readonly kind: 'tasks' | 'query'
  /** Tasks in it. */
  readonly tasks: number
  readonly bytes: number
  /** HTTP status, or undefined when no answer came. */
  status?: number
}

export interface Device {
  readonly client: OfflineClient
  readonly sent: readonly SentDocument[]
}

export interface DeviceOptions {
  readonly url: string
  readonly token: string
  readonly user: string
  readonly storage: StorageDriver
  /** The network; default `fetch`. */
  readonly fetch?: typeof globalThis.fetch
}

export async function startDevice({
  url,
  token,
  user,
  storage,
  fetch = globalThis.fetch,
}: DeviceOptions): Promise<Device> {
  const sent: SentDocument[] = []
  const counted: typeof globalThis.fetch = async (input, init) => {
    const body = String(init?.body ?? '')
    const document: SentDocument = {
      kind: body.includes('mutation') ? 'tasks' : 'query',
      tasks: new Set(body.match(/\bm\d+: /g)).size,
      bytes: body.length,
    }
    sent.push(document)
    const response = await fetch(input, init)
    document.status = response.status
    return response
  }
  const cache = new InMemoryCache({
    possibleTypes: {
      Entity: ['Task', 'Customer', 'Vacation', 'HotelOffer', 'FlightOffer', 'CarOffer'],
      Offer: ['HotelOffer', 'FlightOffer', 'CarOffer'],
    },
    typePolicies: {
      Query: {
        fields: {
          customers: syncedList('Customer', { connection: true }),
          vacations: syncedList('Vacation', { connection: true }),
        },
      },
    },
  })
  const client = await createOfflineClient({
    cache,
    link: new HttpLink({ uri: `${url}/graphql`, headers: { authorization: `Bearer ${token}` }, fetch: counted }),
    user,
    tasks,
    storage,
    sync: { document: ChangesDocument },
  })
  return { client, sent }
}
