import { Button, NativeSelect, Stack, Table, Text, Title } from '@mantine/core'
import { systemClock } from 'layover/protocol'
import type { ReactNode } from 'react'
import { Link, useSearchParams } from 'wouter'
import { type Offer, type Offers, useOffers } from '../device/records.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { TentativePrice } from '../ui/price.tsx'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { offerDetails } from './offer-details.ts'
import classes from './offers.module.css'

const words = texts.offers

/** What the suppliers offer at one place, as of the last sync. */
export function OffersScreen(): ReactNode {
  const offers = useOffers()
  const [params, setParams] = useSearchParams()
  const place = params.get('place') ?? offers.places[0]
  return (
    <>
      <ScreenHeader title={words.title} freshness="HotelOffer" />
      {place === undefined ? (
        <Text>{words.none}</Text>
      ) : (
        <Stack>
          <NativeSelect
            label={words.place}
            data={[...offers.places]}
            value={place}
            maw={280}
            onChange={event => setParams({ place: event.currentTarget.value })}
          />
          <OfferTable kind="hotel" list={offers.hotels} place={place} offers={offers} />
          <OfferTable kind="flight" list={offers.flights} place={place} offers={offers} />
          <OfferTable kind="car" list={offers.cars} place={place} offers={offers} />
        </Stack>
      )}
    </>
  )
}

interface OfferTableProps {
  kind: keyof typeof words.kinds
  list: readonly Offer[]
  place: string
  offers: Offers
}

function OfferTable({ kind, list, place, offers }: OfferTableProps): ReactNode {
  const title = `offers-${kind}`
  return (
    <section aria-labelledby={title}>
      <Title order={3} size="h4" id={title} mb="xs">
        {words.kinds[kind]}
      </Title>
      <Table className={classes['table']} aria-labelledby={title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{words.name}</Table.Th>
            <Table.Th scope="col">{words.details}</Table.Th>
            <Table.Th scope="col">{words.price}</Table.Th>
            <Table.Th scope="col">{words.validUntil}</Table.Th>
            <Table.Td />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {list
            .filter(offer => offer.place === place)
            .map(offer => (
              <OfferRow key={offer.id} offer={offer} kind={kind} offers={offers} />
            ))}
        </Table.Tbody>
      </Table>
    </section>
  )
}

function OfferRow({ offer, kind, offers }: { offer: Offer; kind: OfferTableProps['kind']; offers: Offers }): ReactNode {
  const successor = offers.offer(offer.replacedBy)
  const isExpired = systemClock.now() > Date.parse(offer.validUntil)
  return (
    <Table.Tr id={offer.id}>
      <Table.Th scope="row">
        {offer.discontinued ? <s>{offer.name}</s> : offer.name}
        {offer.discontinued && (
          <Text size="sm">
            {words.discontinued}
            {successor && (
              <>
                , {words.replacedBy} <a href={`#${successor.id}`}>{successor.name}</a>
              </>
            )}
          </Text>
        )}
      </Table.Th>
      <Table.Td>{offerDetails(offer)}</Table.Td>
      <Table.Td>
        <TentativePrice price={offer.price} />
      </Table.Td>
      <Table.Td>
        {momentOf(offer.validUntil)}
        {isExpired && <Text size="sm">{words.mayHaveChanged}</Text>}
      </Table.Td>
      <Table.Td>
        {!offer.discontinued && (
          <Button
            component={Link}
            href={`/book?${kind}=${offer.id}`}
            size="xs"
            aria-label={words.bookNamed(offer.name)}
          >
            {words.bookThis}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  )
}
