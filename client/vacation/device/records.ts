/** What is on this device, with what waits in the outbox laid over it. None of these hooks asks the network. */
import { useQuery } from '@apollo/client/react'
import { useMemo } from 'react'
import {
  CustomersDocument,
  type CustomersQuery,
  OffersDocument,
  type OffersQuery,
  type TaskPartsFragment,
  TasksInReviewDocument,
  VacationsDocument,
  type VacationsQuery,
} from '../__generated__/graphql.ts'

export type Customer = CustomersQuery['customers']['nodes'][number]
export type Vacation = VacationsQuery['vacations']['nodes'][number]
export type HotelOffer = OffersQuery['hotelOffers']['nodes'][number]
export type FlightOffer = OffersQuery['flightOffers']['nodes'][number]
export type CarOffer = OffersQuery['carOffers']['nodes'][number]
export type Offer = HotelOffer | FlightOffer | CarOffer

const OF_DEVICE = { fetchPolicy: 'cache-only' } as const
const NOTHING: readonly never[] = []

/** By name. */
export const useCustomers = (): readonly Customer[] =>
  useQuery(CustomersDocument, OF_DEVICE).data?.customers.nodes ?? NOTHING

/** By their first day. */
export const useVacations = (): readonly Vacation[] =>
  useQuery(VacationsDocument, OF_DEVICE).data?.vacations.nodes ?? NOTHING

/** Tasks about whose conflict a supervisor decides, the last one first; an agent sees the own ones. */
export const useTasksInReview = (): readonly TaskPartsFragment[] =>
  useQuery(TasksInReviewDocument, OF_DEVICE).data?.tasks.nodes ?? NOTHING

export interface Offers {
  hotels: readonly HotelOffer[]
  flights: readonly FlightOffer[]
  cars: readonly CarOffer[]
  places: readonly string[]
  offer(id: string | null | undefined): Offer | undefined
}

export function useOffers(): Offers {
  const data = useQuery(OffersDocument, OF_DEVICE).data
  return useMemo(() => {
    const hotels = data?.hotelOffers.nodes ?? NOTHING
    const flights = data?.flightOffers.nodes ?? NOTHING
    const cars = data?.carOffers.nodes ?? NOTHING
    const byId = new Map<string, Offer>([...hotels, ...flights, ...cars].map(offer => [offer.id, offer]))
    return {
      hotels,
      flights,
      cars,
      places: [...new Set(hotels.map(hotel => hotel.place))],
      offer: id => (id ? byId.get(id) : undefined),
    }
  }, [data])
}

/** What a sentence about a task needs to name its records. */
export interface Records {
  customer(id: string): Customer | undefined
  vacation(id: string): Vacation | undefined
  offer(id: string | null | undefined): Offer | undefined
}

export function useRecords(): Records {
  const customers = useCustomers()
  const vacations = useVacations()
  const { offer } = useOffers()
  return useMemo(() => {
    const customerById = new Map(customers.map(each => [each.id, each]))
    const vacationById = new Map(vacations.map(each => [each.id, each]))
    return { customer: id => customerById.get(id), vacation: id => vacationById.get(id), offer }
  }, [customers, vacations, offer])
}
