import { Anchor, Badge, Button, Table, Text, VisuallyHidden } from '@mantine/core'
import { IconAlertTriangle, IconBan } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Offer } from '../device/records.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { TentativePrice } from '../ui/price.tsx'
import { offerDetails } from './offer-details.ts'
import classes from './offers.module.css'

const words = texts.offers

export type OfferKind = keyof typeof words.kinds

interface OfferTableProps {
  kind: OfferKind
  list: readonly Offer[]
  find(id: string | null | undefined): Offer | undefined
  /** Milliseconds since the epoch. */
  now: number
  /** Of the heading that names the table. */
  titleId: string
}

/** A table where there is room for one, else a card for each offer. */
export function OfferTable({ kind, list, find, now, titleId }: OfferTableProps): ReactNode {
  return (
    <Table className={classes['table']} aria-labelledby={titleId} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{words.name}</Table.Th>
          <Table.Th scope="col">{words.details}</Table.Th>
          <Table.Th scope="col">{words.price}</Table.Th>
          <Table.Th scope="col">{words.validUntil}</Table.Th>
          <Table.Th scope="col">
            <VisuallyHidden>{words.actions}</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {list.map(offer => (
          <OfferRow key={offer.id} offer={offer} kind={kind} successor={find(offer.replacedBy)} now={now} />
        ))}
      </Table.Tbody>
    </Table>
  )
}

interface OfferRowProps {
  offer: Offer
  kind: OfferKind
  successor: Offer | undefined
  now: number
}

function OfferRow({ offer, kind, successor, now }: OfferRowProps): ReactNode {
  const { id, name, price, validUntil, discontinued } = offer
  const isExpired = now > Date.parse(validUntil)
  const hasDeparted = 'departs' in offer && offer.departs && now > Date.parse(offer.departs)
  return (
    <Table.Tr id={id} tabIndex={-1} data-discontinued={discontinued} data-expired={isExpired}>
      <Table.Th scope="row">
        {discontinued ? <s>{name}</s> : name}
        {discontinued && (
          <div className={classes['note']}>
            <Badge color="red" leftSection={<IconBan size={14} aria-hidden />}>
              {words.discontinued}
            </Badge>
            {successor && <Successor offer={successor} place={offer.place} />}
          </div>
        )}
      </Table.Th>
      <Table.Td data-label={words.details}>
        {offerDetails(offer)}
        {hasDeparted && <Text size="sm">{words.departed}</Text>}
      </Table.Td>
      <Table.Td data-label={words.price}>
        <TentativePrice price={price} />
      </Table.Td>
      <Table.Td data-label={words.validUntil}>
        {momentOf(validUntil)}
        {isExpired && (
          <div>
            <Badge color="orange" leftSection={<IconAlertTriangle size={14} aria-hidden />}>
              {words.mayHaveChanged}
            </Badge>
          </div>
        )}
      </Table.Td>
      <Table.Td>
        {!discontinued && !hasDeparted && (
          <Button
            component={Link}
            href={`/book?${kind}=${id}`}
            size="xs"
            className={classes['book']}
            aria-label={words.bookNamed(name)}
          >
            {words.bookThis}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  )
}

/** What stands for a discontinued offer now; usually it is a few rows further on. */
function Successor({ offer: { id, name, place }, place: here }: { offer: Offer; place: string }): ReactNode {
  return (
    <Text size="sm" component="span" fw={400}>
      {words.replacedBy}{' '}
      {place === here ? (
        <Anchor href={`#${id}`} onClick={() => document.getElementById(id)?.focus()}>
          {name}
        </Anchor>
      ) : (
        <Anchor component={Link} href={`/offers?place=${encodeURIComponent(place)}`}>
          {name}
        </Anchor>
      )}
    </Text>
  )
}
