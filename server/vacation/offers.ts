/** Offers: reference data read from the suppliers, and what is suggested when one can't be had. */
import { type Clock, REJECTION_CODES } from 'layover/protocol'
import {
  type EntityRecord,
  type Gateway,
  type Log,
  type Rejected,
  rejected,
  type Suggestion,
  type TaskTransaction,
} from 'layover/server'
import { OFFER_TYPES } from './collections.ts'
import { type Supplier, type SupplierKind, SupplierUnreachable } from './suppliers/suppliers.ts'

export interface Alternative {
  readonly id: string
  readonly name: string
  readonly price: string
}

const MOST_ALTERNATIVES = 3
const MOST_SUCCESSORS = 10

type Choice = { readonly kind: 'offer'; readonly offer: EntityRecord } | Rejected

/** The offer as wanted or, if that is discontinued and the person said so, its successor. */
export async function chooseOffer(
  kind: SupplierKind,
  id: string,
  acceptReplacement: boolean,
  transaction: TaskTransaction,
): Promise<Choice> {
  const field = `input.${kind}OfferId`
  const offer = await transaction.find(OFFER_TYPES[kind], id)
  if (offer === undefined) return rejected(REJECTION_CODES.NOT_FOUND, `There is no ${kind} offer ${id}.`, { field })
  if (offer['discontinued'] !== true) return { kind: 'offer', offer }
  const successor = await successorOf(kind, offer, transaction)
  if (successor !== undefined && acceptReplacement) return { kind: 'offer', offer: successor }
  const others = await alternativesTo(kind, offer, transaction)
  return rejected('DISCONTINUED', `${String(offer['name'])} is no longer offered.`, {
    field,
    suggestions: suggestionsFor(kind, successor?.id, others, successor && String(successor['name'])),
  })
}

async function successorOf(
  kind: SupplierKind,
  offer: EntityRecord,
  transaction: TaskTransaction,
): Promise<EntityRecord | undefined> {
  let current: EntityRecord | undefined = offer
  for (let steps = 0; steps < MOST_SUCCESSORS && current?.['discontinued'] === true; steps += 1) {
    const next: unknown = current['replacedBy']
    current = typeof next === 'string' ? await transaction.find(OFFER_TYPES[kind], next) : undefined
  }
  return current?.['discontinued'] === false ? current : undefined
}

/** Others of the kind at the same place, cheapest first. */
export async function alternativesTo(
  kind: SupplierKind,
  offer: EntityRecord,
  transaction: TaskTransaction,
): Promise<Alternative[]> {
  const others = await transaction.list(OFFER_TYPES[kind], { equals: { place: String(offer['place']) }, first: 200 })
  return others
    .filter(other => other.id !== offer.id && other['discontinued'] !== true)
    .sort((left, right) => priceOf(left).amount - priceOf(right).amount)
    .slice(0, MOST_ALTERNATIVES)
    .map(other => ({ id: other.id, name: String(other['name']), price: money(priceOf(other)) }))
}

const priceOf = (offer: EntityRecord): { amount: number; currency: string } =>
  offer['price'] as { amount: number; currency: string }

const money = ({ amount, currency }: { amount: number; currency: string }): string =>
  `${(amount / 100).toFixed(2)} ${currency}`

export function suggestionsFor(
  kind: SupplierKind,
  replacement: string | undefined,
  alternatives: readonly Alternative[],
  replacementName = replacement,
): Suggestion[] {
  const field = `${kind}OfferId`
  return [
    ...(replacement === undefined
      ? []
      : [{ label: `Take its successor, ${replacementName}`, patch: { [field]: replacement } }]),
    ...alternatives
      .filter(({ id }) => id !== replacement)
      .map(({ id, name, price }) => ({ label: `Take ${name} (${price})`, patch: { [field]: id } })),
    ...(kind === 'car' ? [{ label: 'Book without a car', patch: { carOfferId: null } }] : []),
  ]
}

export interface OfferRefresh {
  stop(): Promise<void>
}

/** Reads every supplier's offers now and every `everyMs`. A supplier that is away keeps its last known offers. */
export async function refreshOffers(options: {
  gateway: Gateway
  suppliers: Readonly<Record<SupplierKind, Supplier>>
  clock: Clock
  everyMs: number
  log: Log
}): Promise<OfferRefresh> {
  const { gateway, suppliers, clock, everyMs, log } = options
  const stopping = new AbortController()
  let withdraw: (() => void) | undefined
  let running = Promise.resolve()

  async function read(kind: SupplierKind): Promise<void> {
    try {
      const offers = await suppliers[kind].offers(stopping.signal)
      const changed = await gateway.importRecords(
        OFFER_TYPES[kind],
        offers.map(offer => ({ replacedBy: null, ...offer })),
      )
      if (changed > 0) log.info({ kind, changed }, 'offers changed')
    } catch (error) {
      if (!(error instanceof SupplierUnreachable)) throw error
      log.warn({ kind, code: error.code }, 'offers could not be read; the last known ones stay')
    }
  }
  async function round(): Promise<void> {
    for (const kind of ['hotel', 'flight', 'car'] as const) if (!stopping.signal.aborted) await read(kind)
    if (stopping.signal.aborted) return
    withdraw = clock.after(everyMs, () => {
      running = round().catch((error: unknown) => log.error({ error }, 'offers could not be stored'))
    })
  }

  running = round()
  await running
  return {
    async stop() {
      stopping.abort()
      withdraw?.()
      await running
    },
  }
}
