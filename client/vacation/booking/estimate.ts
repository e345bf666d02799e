import type { Offers } from '../device/records.ts'

/** The sum of what the chosen offers cost on this device; undefined while nothing is chosen or currencies differ. */
export function estimateOf(
  ids: readonly (string | null | undefined)[],
  offers: Pick<Offers, 'offer'>,
): { amount: number; currency: string } | undefined {
  const prices = ids.flatMap(id => offers.offer(id)?.price ?? [])
  const currency = prices[0]?.currency
  if (currency === undefined || prices.some(price => price.currency !== currency)) return undefined
  return { amount: prices.reduce((sum, { amount }) => sum + amount, 0), currency }
}
