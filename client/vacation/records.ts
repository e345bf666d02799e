import { useQuery } from '@apollo/client/react'
import {
  CustomersDocument,
  type CustomersQuery,
  OffersDocument,
  type OffersQuery,
  VacationsDocument,
  type VacationsQuery,
} from './__generated__/graphql.ts'

export type Customer = CustomersQuery['customers']['nodes'][number]
export type Vacation = VacationsQuery['vacations']['nodes'][number]
type HotelOffer = OffersQuery['hotelOffers']['nodes'][number]
type FlightOffer = OffersQuery['flightOffers']['nodes'][number]
type CarOffer = OffersQuery['carOffers']['nodes'][number]
export type Offer = HotelOffer | FlightOffer | CarOffer

export interface Records {
  customers: readonly Customer[]
  vacations: readonly Vacation[]
  hotels: readonly HotelOffer[]
  flights: readonly FlightOffer[]
  cars: readonly CarOffer[]
  places: readonly string[]
  customer(id: string): Customer | undefined
  vacation(id: string): Vacation | undefined
  offer(id: string | null | undefined): Offer | undefined
}

/** Everything that sync has brought to this device, with what waits in the outbox laid over it. Never asks the network. */
export function useRecords(): Records {
  const fetchPolicy = 'cache-only'
  const customers = useQuery(CustomersDocument, { fetchPolicy }).data?.customers.nodes ?? []
  const vacations = useQuery(VacationsDocument, { fetchPolicy }).data?.vacations.nodes ?? []
  const offers = useQuery(OffersDocument, { fetchPolicy }).data
  const hotels = offers?.hotelOffers.nodes ?? []
  const flights = offers?.flightOffers.nodes ?? []
  const cars = offers?.carOffers.nodes ?? []
  const all: readonly Offer[] = [...hotels, ...flights, ...cars]
  return {
    customers,
    vacations,
    hotels,
    flights,
    cars,
    places: [...new Set(hotels.map(hotel => hotel.place))],
    customer: id => customers.find(each => each.id === id),
    vacation: id => vacations.find(each => each.id === id),
    offer: id => all.find(each => each.id === id),
  }
}
