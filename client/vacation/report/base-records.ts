import type { OfflineClient } from 'layover/client'
import { CustomersDocument, OffersDocument, VacationsDocument } from '../__generated__/graphql.ts'
import type { Customer, Offer, Vacation } from '../device/records.ts'

export interface BaseRecords {
  customers: readonly Customer[]
  vacations: readonly Vacation[]
  offers: readonly Offer[]
}

/** What the gateway has said of the records, without what waits in the outbox. */
export function baseRecords({ cache }: Pick<OfflineClient, 'cache'>): BaseRecords {
  const offers = cache.readQuery({ query: OffersDocument }, false)
  return {
    customers: cache.readQuery({ query: CustomersDocument }, false)?.customers.nodes ?? [],
    vacations: cache.readQuery({ query: VacationsDocument }, false)?.vacations.nodes ?? [],
    offers: offers ? [...offers.hotelOffers.nodes, ...offers.flightOffers.nodes, ...offers.carOffers.nodes] : [],
  }
}
