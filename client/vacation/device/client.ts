import { ApolloLink, HttpLink, InMemoryCache } from '@apollo/client'
import { SetContextLink } from '@apollo/client/link/context'
import { OperationTypeNode } from 'graphql'
import { createOfflineClient, type LayoverError, type OfflineClient, type Scope, syncedList } from 'layover/client'
import { webSocketLink } from 'layover/client/ws'
import { ChangesAvailableDocument, ChangesDocument, type TaskStatus } from '../__generated__/graphql.ts'
import type { Session, Tokens } from './session.ts'
import { TASKS } from './tasks.ts'

const OFFERS = ['HotelOffer', 'FlightOffer', 'CarOffer']
const RECORDS = ['Customer', 'Vacation', 'Task', ...OFFERS]
const SCOPES: Scope[] = RECORDS.map(type => ({ type }))

const MINUTE = 60_000
/** Prices age faster than names. */
const OF_OFFERS = { staleAfterMs: 15 * MINUTE, hardStaleAfterMs: 72 * 60 * MINUTE }
const FRESHNESS = {
  ...Object.fromEntries(OFFERS.map(type => [type, OF_OFFERS])),
  Customer: { staleAfterMs: 60 * MINUTE, hardStaleAfterMs: 7 * 24 * 60 * MINUTE },
  Vacation: { staleAfterMs: 60 * MINUTE, hardStaleAfterMs: 7 * 24 * 60 * MINUTE },
}

interface Dated {
  updatedAt: string
}
interface Placed {
  place: string
  name: string
}
const offersOf = (type: string) =>
  syncedList(type, {
    connection: true,
    where: (offer: Placed, { place }: { place?: string }) => place === undefined || offer.place === place,
    sort: (a: Placed, b: Placed) => a.place.localeCompare(b.place) || a.name.localeCompare(b.name),
  })

function createCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes: { Entity: RECORDS, Offer: OFFERS },
    typePolicies: {
      Query: {
        fields: {
          customers: syncedList('Customer', {
            connection: true,
            sort: (a: Placed, b: Placed) => a.name.localeCompare(b.name),
          }),
          vacations: syncedList('Vacation', {
            connection: true,
            sort: (a: { startsOn: string }, b: { startsOn: string }) => a.startsOn.localeCompare(b.startsOn),
          }),
          tasks: syncedList('Task', {
            connection: true,
            where: (task: { status: TaskStatus }, { status }: { status?: readonly TaskStatus[] }) =>
              status === undefined || status.includes(task.status),
            sort: (a: Dated, b: Dated) => b.updatedAt.localeCompare(a.updatedAt),
          }),
          hotelOffers: offersOf('HotelOffer'),
          flightOffers: offersOf('FlightOffer'),
          carOffers: offersOf('CarOffer'),
        },
      },
    },
  })
}

/** Queries and tasks over HTTP, the pokes over a WebSocket, both at the gateway that served the page. */
function createLink(tokens: Tokens): ApolloLink {
  const socket = new URL('/graphql', window.location.href)
  socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:'
  const token = (): Promise<string> => tokens.current()
  const signed = new SetContextLink(async ({ headers }) => ({
    headers: { ...headers, authorization: `Bearer ${await token()}` },
  }))
  return ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    webSocketLink({ url: socket.href, token }),
    signed.concat(new HttpLink({ uri: '/graphql' })),
  )
}

/** Opens what this device keeps of the user: cache and outbox. Works without a network; throws when storage cannot be read. */
export function openClient(
  { agency, user }: Session,
  tokens: Tokens,
  onError: (error: LayoverError) => void,
): Promise<OfflineClient> {
  return createOfflineClient({
    cache: createCache(),
    link: createLink(tokens),
    user: `${agency}/${user}`,
    tasks: TASKS,
    sync: {
      document: ChangesDocument,
      notice: ChangesAvailableDocument,
      scopes: SCOPES,
      freshness: { types: FRESHNESS },
    },
    reauthenticate: () => tokens.renewed(),
    onError,
  })
}
