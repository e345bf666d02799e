import { Anchor, Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { type Customer, useOffers, type Vacation } from '../device/records.ts'
import { dateRange } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import classes from './customers.module.css'

const words = texts.customers

export function CustomerFacts({ customer }: { customer: Customer }): ReactNode {
  const { email, phone, address, notes } = customer
  const facts: readonly [label: string, value: ReactNode][] = [
    [words.fields.email, email && <Anchor href={`mailto:${email}`}>{email}</Anchor>],
    [words.fields.phone, phone && <Anchor href={`tel:${phone.replaceAll(/[^+\d]/g, '')}`}>{phone}</Anchor>],
    [words.fields.address, address],
    [words.fields.notes, notes],
  ]
  return (
    <dl className={classes['facts']}>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value || <span className={classes['empty']}>{words.nothingEntered}</span>}</dd>
        </div>
      ))}
    </dl>
  )
}

export function VacationsOf({ vacations }: { vacations: readonly Vacation[] }): ReactNode {
  const { offer } = useOffers()
  return (
    <section aria-labelledby="vacations-of">
      <Title order={3} size="h5" id="vacations-of" mb={4}>
        {words.vacations}
      </Title>
      {vacations.length === 0 ? (
        <Text size="sm">{words.noVacations}</Text>
      ) : (
        <ul className={classes['vacations']}>
          {vacations.map(({ id, startsOn, endsOn, status, hotel }) => (
            <li key={id}>
              <Group gap="xs" justify="space-between">
                <Anchor component={Link} href={`/vacations/${id}`} className={classes['target']}>
                  {[offer(hotel?.offerId)?.place, dateRange(startsOn, endsOn)].filter(Boolean).join(', ')}
                </Anchor>
                <StateBadge word={texts.vacations.states[status]} />
              </Group>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
