import { ERROR_CODES, MAX_PAGE } from 'layover/protocol'
import { type GatewayContext, type RecordPage, refuse } from 'layover/server'
import type { Resolvers } from './__generated__/resolvers.ts'
import { OFFER_TYPES } from './collections.ts'

interface PageArguments {
  readonly first: number
  readonly after?: string | null
}

const page = ({ first, after }: PageArguments): { first: number; after: string | null } => {
  if (first >= 1 && first <= MAX_PAGE) return { first, after: after ?? null }
  throw refuse(ERROR_CODES.BAD_USER_INPUT, `first must be from 1 to ${MAX_PAGE}.`, { field: 'first' })
}

const one =
  (type: string) =>
  async (_: unknown, { id }: { id: string }, { records }: GatewayContext): Promise<unknown> =>
    (await records.find(type, id)) ?? null

const offers =
  (type: string) =>
  (
    _: unknown,
    { place, ...rest }: PageArguments & { place?: string | null },
    { records }: GatewayContext,
  ): Promise<RecordPage> =>
    records.list(type, { ...page(rest), ...(place == null ? {} : { equals: { place } }) })

/** Plain queries, for API consumers and the playground; devices use `changes`. */
export const resolvers: Resolvers = {
  Query: {
    customer: one('Customer'),
    customers: (
      _: unknown,
      { search, ...rest }: PageArguments & { search?: string | null },
      { records }: GatewayContext,
    ) => records.list('Customer', { ...page(rest), ...(search ? { contains: { field: 'name', text: search } } : {}) }),
    vacation: one('Vacation'),
    vacations: (
      _: unknown,
      { customerId, status, ...rest }: PageArguments & { customerId?: string | null; status?: string | null },
      { records }: GatewayContext,
    ) =>
      records.list('Vacation', {
        ...page(rest),
        equals: { ...(customerId == null ? {} : { customerId }), ...(status == null ? {} : { status }) },
      }),
    hotelOffers: offers(OFFER_TYPES.hotel),
    flightOffers: offers(OFFER_TYPES.flight),
    carOffers: offers(OFFER_TYPES.car),
  },
  Vacation: {
    customer: async ({ customerId }: { customerId: string }, _: unknown, { records }: GatewayContext) =>
      (await records.find('Customer', customerId)) ?? null,
  },
}
