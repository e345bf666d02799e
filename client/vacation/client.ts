import { ApolloLink, HttpLink, InMemoryCache } from '@apollo/client'
import { SetContextLink } from '@apollo/client/link/context'
import { OperationTypeNode } from 'graphql'
import { createOfflineClient, type OfflineClient, type Scope, syncedList } from 'layover/client'
import { webSocketLink } from 'layover/client/ws'
import { ChangesAvailableDocument, ChangesDocument } from './__generated__/graphql.ts'
import { type Session, signIn } from './session.ts'
import { TASKS } from './tasks.ts'

const OFFERS = ['HotelOffer', 'FlightOffer', 'CarOffer']
const RECORDS = ['Customer', 'Vacation', 'Task', ...OFFERS]
const SCOPES: Scope[] = RECORDS.map(type => ({ type }))

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
          hotelOffers: offersOf('HotelOffer'),
          flightOffers: offersOf('FlightOffer'),
          carOffers: offersOf('CarOffer'),
        },
      },
    },
  })
}

/** Queries and tasks over HTTP, the pokes over a WebSocket, both at the gateway that served the page. */
function createLink(token: () => string): ApolloLink {
  const socket = new URL('/graphql', window.location.href)
  socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:'
  const signed = new SetContextLink(({ headers }) => ({
    headers: { ...headers, authorization: `Bearer ${token()}` },
  }))
  return ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    webSocketLink({ url: socket.href, token }),
    signed.concat(new HttpLink({ uri: '/graphql' })),
  )
}

/** Opens what this device keeps of the user: cache and outbox. Works without a network; throws when storage cannot be read. */
export function openClient(session: Session): Promise<OfflineClient> {
  let { token } = session
  return createOfflineClient({
    cache: createCache(),
    link: createLink(() => token),
    user: `${session.agency}/${session.user}`,
    tasks: TASKS,
    sync: { document: ChangesDocument, notice: ChangesAvailableDocument, scopes: SCOPES },
    reauthenticate: async () => {
      token = (await signIn(session)).token
    },
  })
}
