/** What is replicated, and who may see and change it. */
import { REJECTION_CODES } from 'layover/protocol'
import {
  type Collection,
  type CollectionRules,
  defineCollection,
  hasRole,
  ownedBy,
  referenceData,
  rejected,
} from 'layover/server'
import { customerBeforeWrite } from './customer-rules.ts'
import { checkEmail, checkRequiredText, checkText, checkTravellers, firstOf } from './input.ts'

export const SUPERVISOR = 'supervisor'

const checkCustomer: CollectionRules['check'] = (fields, viewer) =>
  firstOf(
    checkRequiredText('name', fields['name'], 200),
    checkEmail('email', fields['email']),
    checkText('phone', fields['phone'], 50),
    checkText('address', fields['address'], 1_000),
    checkText('notes', fields['notes']),
    checkRequiredText('ownerId', fields['ownerId'], 200),
    fields['ownerId'] !== undefined && fields['ownerId'] !== viewer.user && !hasRole(viewer, SUPERVISOR)
      ? rejected(REJECTION_CODES.FORBIDDEN, 'Only a supervisor gives a customer to another agent.', {
          field: 'ownerId',
        })
      : undefined,
  )

/** What the suppliers have been told of a vacation. */
const RESERVED_FIELDS = ['startsOn', 'endsOn', 'travellers', 'status']

/**
 * What is reserved is written only together with the reservations that hold it, as bookVacation, changeVacation and
 * cancelVacation do. A decision about a conflict names only the fields in conflict: it would leave the suppliers out.
 */
const checkVacation: CollectionRules['check'] = fields => {
  const reserved = RESERVED_FIELDS.find(field => field in fields)
  if (reserved !== undefined && !('hotel' in fields)) {
    const message =
      'The suppliers have to be asked for this. Settle the conflict with TAKE_THEIRS, and send changeVacation or cancelVacation anew, with the current version.'
    return rejected('RESERVATION_NEEDED', message, { field: reserved })
  }
  const { travellers } = fields
  return firstOf(
    checkText('notes', fields['notes']),
    travellers === undefined ? undefined : checkTravellers('travellers', Number(travellers)),
  )
}

export const OFFER_TYPES = { hotel: 'HotelOffer', flight: 'FlightOffer', car: 'CarOffer' } as const

/** Agents have their own customers and vacations and all offers; supervisors the whole agency's. */
export const collections: readonly Collection[] = [
  defineCollection('Customer', {
    ...ownedBy('ownerId', SUPERVISOR),
    check: checkCustomer,
    beforeWrite: customerBeforeWrite,
  }),
  defineCollection('Vacation', { ...ownedBy('ownerId', SUPERVISOR), check: checkVacation }),
  ...Object.values(OFFER_TYPES).map(type => defineCollection(type, referenceData)),
]
