import { Checkbox, Group, Radio, Stack, Text } from '@mantine/core'
import { systemClock } from 'layover/protocol'
import type { ReactNode } from 'react'
import type { Offer, Offers } from '../device/records.ts'
import { offerDetails } from '../offers/offer-details.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { TentativePrice } from '../ui/price.tsx'
import classes from './booking.module.css'
import type { StepProps } from './booking-screen.tsx'

const words = texts.booking

/** What a choice depends on, in one line. */
function offerFacts(offer: Offer, offers: Offers): string {
  const facts = [offerDetails(offer)].filter(Boolean)
  if (offer.discontinued) facts.push(words.discontinued)
  const successor = offers.offer(offer.replacedBy)
  if (successor) facts.push(words.replacedBy(successor.name))
  facts.push(
    systemClock.now() > Date.parse(offer.validUntil) ? words.expired : words.validUntil(momentOf(offer.validUntil)),
  )
  return facts.join(' · ')
}

interface OfferChoiceProps {
  label: string
  list: readonly Offer[]
  offers: Offers
  place: string
  value: string
  error: string | undefined
  /** What choosing nothing is called; without it something must be chosen. */
  none?: { label: string; hint: string }
  onChange(id: string): void
}

function OfferChoice({ label, list, offers, place, value, error, none, onChange }: OfferChoiceProps): ReactNode {
  const here = list.filter(offer => offer.place === place)
  return (
    <Radio.Group label={label} value={value} error={error} onChange={onChange}>
      <Stack gap="xs" mt="xs">
        {here.length === 0 && <Text>{words.noOffers(place)}</Text>}
        {none && <OfferCard value="" name={none.label} facts={none.hint} />}
        {here.map(offer => (
          <OfferCard
            key={offer.id}
            value={offer.id}
            name={offer.name}
            facts={offerFacts(offer, offers)}
            isGone={offer.discontinued}
            price={<TentativePrice price={offer.price} />}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

interface OfferCardProps {
  value: string
  name: string
  facts: string
  isGone?: boolean
  price?: ReactNode
}

function OfferCard({ value, name, facts, isGone = false, price }: OfferCardProps): ReactNode {
  return (
    <Group className={classes['offer']} justify="space-between" wrap="nowrap">
      <Radio
        value={value}
        label={isGone ? <s>{name}</s> : name}
        description={facts}
        classNames={{ body: classes['radio'] ?? '' }}
      />
      {price}
    </Group>
  )
}

export function HotelStep({ draft, offers, problems, change }: StepProps): ReactNode {
  return (
    <OfferChoice
      label={words.hotel}
      list={offers.hotels}
      offers={offers}
      place={draft.place}
      value={draft.hotelOfferId}
      error={problems.hotel}
      onChange={hotelOfferId => change({ hotelOfferId })}
    />
  )
}

export function FlightStep({ draft, offers, problems, change }: StepProps): ReactNode {
  return (
    <OfferChoice
      label={words.flight}
      list={offers.flights}
      offers={offers}
      place={draft.place}
      value={draft.flightOfferId}
      error={problems.flight}
      onChange={flightOfferId => change({ flightOfferId })}
    />
  )
}

export function CarStep({ draft, offers, change }: StepProps): ReactNode {
  return (
    <Stack>
      <OfferChoice
        label={words.car}
        list={offers.cars}
        offers={offers}
        place={draft.place}
        value={draft.carOfferId}
        error={undefined}
        none={{ label: words.noCar, hint: words.noCarHint }}
        onChange={carOfferId => change({ carOfferId })}
      />
      {draft.carOfferId !== '' && (
        <Checkbox
          label={words.carOptional}
          checked={draft.carOptional}
          onChange={event => change({ carOptional: event.currentTarget.checked })}
        />
      )}
    </Stack>
  )
}
