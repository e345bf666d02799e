/**
 * The supplier contract on the wire (JSON over HTTP), as guards: what comes in from outside is used only after one of
 * these. http.ts asks in this language, sandbox.ts answers in it.
 */
import { z } from 'zod'

/** GraphQL's Int is signed and has 32 bits (GraphQL specification, 3.5.1); a larger amount could never be shown. */
export const MAX_AMOUNT = 2_147_483_647

const identifier = z.string().min(1).max(200)
const utcMoment = z.iso.datetime({ offset: true }).transform(text => new Date(text).toISOString())

const money = z.object({ amount: z.int().min(0).max(MAX_AMOUNT), currency: z.string().regex(/^[A-Z]{3}$/) })

const offer = z.object({
  id: identifier,
  name: z.string().min(1).max(500),
  place: z.string().min(1).max(200),
  price: money,
  validUntil: utcMoment,
  discontinued: z.boolean(),
  replacedBy: identifier.nullable().exactOptional(),
  stars: z.int().min(0).max(5).nullable().exactOptional(),
  seats: z.int().min(1).max(100).nullable().exactOptional(),
  departs: utcMoment.nullable().exactOptional(),
})

/** `GET /offers`. One malformed or repeated offer refuses the list: half a catalogue would look like offers withdrawn. */
export const offersBody = z.object({ offers: z.array(offer) }).superRefine(({ offers }, context) => {
  const seen = new Set<string>()
  for (const [index, { id }] of offers.entries()) {
    if (seen.has(id)) context.addIssue({ code: 'custom', path: ['offers', index, 'id'], message: `repeats ${id}` })
    seen.add(id)
  }
})

/** The body of `PUT /reservations/{key}`. */
export const reserveBody = z
  .object({ offerId: identifier, startsOn: z.iso.date(), endsOn: z.iso.date(), guests: z.int().min(1).max(1_000) })
  .refine(({ startsOn, endsOn }) => endsOn >= startsOn, { path: ['endsOn'], message: 'lies before startsOn' })

/** 200 and 201 of `PUT` and `GET /reservations/{key}`. */
export const reservationBody = z.object({ key: identifier, confirmation: identifier, price: money })

/** 409 of `PUT /reservations/{key}`: a definite no. */
export const refusalBody = z.object({
  code: z.enum(['SOLD_OUT', 'DISCONTINUED', 'PRICE_CHANGED']),
  message: z.string(),
  replacement: identifier.nullish(),
})

/** Names the field of the first complaint, e.g. `offers[3].price.amount`, and says what is wrong with it. */
export function firstIssue(error: z.ZodError): { field: string; message: string } {
  const [issue] = error.issues
  const field = (issue?.path ?? []).reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`
    return name === '' ? String(part) : `${name}.${String(part)}`
  }, '')
  return { field: field === '' ? 'body' : field, message: issue?.message ?? 'is malformed' }
}
