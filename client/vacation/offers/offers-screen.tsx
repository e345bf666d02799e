import { Card, NativeSelect, Stack, Text, Title } from '@mantine/core'
import { IconBed, IconCar, IconPlane } from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { useSearchParams } from 'wouter'
import { type Offer, useOffers } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { useNow } from '../ui/use-now.ts'
import { type OfferKind, OfferTable } from './offer-table.tsx'
import classes from './offers.module.css'

const words = texts.offers
const MINUTE_MS = 60_000

const ICONS: Readonly<Record<OfferKind, ComponentType<{ size: number; 'aria-hidden': boolean }>>> = {
  hotel: IconBed,
  flight: IconPlane,
  car: IconCar,
}

/** What the suppliers offer at one place, as of the last sync. */
export function OffersScreen(): ReactNode {
  const offers = useOffers()
  const [params, setParams] = useSearchParams()
  const now = useNow(MINUTE_MS)
  const wanted = params.get('place')
  const place = wanted !== null && offers.places.includes(wanted) ? wanted : offers.places[0]
  const choose = (chosen: string): void =>
    setParams(before => {
      const next = new URLSearchParams(before)
      next.set('place', chosen)
      return next
    })
  const lists: readonly [kind: OfferKind, list: readonly Offer[]][] = [
    ['hotel', offers.hotels],
    ['flight', offers.flights],
    ['car', offers.cars],
  ]
  return (
    <>
      <ScreenHeader title={words.title} freshness="HotelOffer" />
      {place === undefined ? (
        <Card>
          <Text fw={600}>{words.none}</Text>
          <Text>{words.noneHint}</Text>
        </Card>
      ) : (
        <Stack gap="xl">
          <NativeSelect
            label={words.place}
            data={[...offers.places]}
            value={place}
            maw={320}
            className={classes['place']}
            onChange={event => choose(event.currentTarget.value)}
          />
          {lists.map(([kind, list]) => (
            <OffersOfKind
              key={kind}
              kind={kind}
              place={place}
              list={list.filter(offer => offer.place === place)}
              find={offers.offer}
              now={now}
            />
          ))}
        </Stack>
      )}
    </>
  )
}

interface OffersOfKindProps {
  kind: OfferKind
  place: string
  list: readonly Offer[]
  find(id: string | null | undefined): Offer | undefined
  now: number
}

function OffersOfKind({ kind, place, list, find, now }: OffersOfKindProps): ReactNode {
  const Icon = ICONS[kind]
  const titleId = `offers-${kind}`
  return (
    <section aria-labelledby={titleId}>
      <Title order={3} size="h4" id={titleId} mb="xs" className={classes['kind']}>
        <Icon size={20} aria-hidden />
        {words.kinds[kind]}
      </Title>
      {list.length === 0 ? (
        <Text>{words.noneOfKind(place)}</Text>
      ) : (
        <OfferTable kind={kind} list={list} find={find} now={now} titleId={titleId} />
      )}
    </section>
  )
}
