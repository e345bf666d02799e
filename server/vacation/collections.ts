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
import { checkEmail, checkRequiredText, checkText, firstOf } from './input.ts'

export const SUPERVISOR = 'supervisor'

const checkCustomer: CollectionRules['check'] = (fields, viewer) =>
  firstOf(
    checkRequiredText('name', fields['name']),
    checkEmail('email', fields['email']),
    ...['phone', 'address', 'notes'].map(field => checkText(field, fields[field])),
    fields['ownerId'] === null
      ? rejected(REJECTION_CODES.INVALID_INPUT, 'ownerId must not be empty.', { field: 'ownerId' })
      : undefined,
    fields['ownerId'] !== undefined && fields['ownerId'] !== viewer.user && !hasRole(viewer, SUPERVISOR)
      ? rejected(REJECTION_CODES.FORBIDDEN, 'Only a supervisor gives a customer to another agent.', {
          field: 'ownerId',
        })
      : undefined,
  )

export const OFFER_TYPES = { hotel: 'HotelOffer', flight: 'FlightOffer', car: 'CarOffer' } as const

/** Agents have their own customers and vacations and all offers; supervisors the whole agency's. */
export const collections: readonly Collection[] = [
  defineCollection('Customer', { ...ownedBy('ownerId', SUPERVISOR), check: checkCustomer }),
  defineCollection('Vacation', {
    ...ownedBy('ownerId', SUPERVISOR),
    check: fields => checkText('notes', fields['notes']),
  }),
  ...Object.values(OFFER_TYPES).map(type => defineCollection(type, referenceData)),
]
