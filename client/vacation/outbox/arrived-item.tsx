import { Anchor, Text } from '@mantine/core'
import type { SettledTask } from 'layover/client'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Records } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import { Ago } from './entry-facts.tsx'
import { entryTitle } from './entry-title.ts'
import classes from './outbox.module.css'
import { withAnswer } from './with-answer.ts'

const words = texts.outbox

/** What became of a task, in the words of the states. */
export function outcomeWord({ outcome }: Pick<SettledTask, 'outcome'>): string {
  switch (outcome.status) {
    case 'confirmed':
      return words.states.confirmed
    case 'conflict':
      return words.states.review
    case 'rejected':
      return words.states.failed
    case 'parked':
      return words.states.paused
    case 'discarded':
      return words.discardedWord
  }
}

/** The page of the record that a confirmed task is about; undefined: there is none, or not any more. */
function placeOf({ name, variables, outcome }: SettledTask, records: Records): string | undefined {
  const known = variables && outcome.status === 'confirmed' ? knownTask({ name, variables }) : undefined
  switch (known?.name) {
    case 'BookVacation':
      return records.vacation(known.variables.input.vacationId) && `/vacations/${known.variables.input.vacationId}`
    case 'ChangeVacation':
    case 'CancelVacation':
      return records.vacation(known.variables.id) && `/vacations/${known.variables.id}`
    case 'CreateCustomer':
      return records.customer(known.variables.input.id) && `/customers/${known.variables.input.id}`
    case 'UpdateCustomer':
      return records.customer(known.variables.id) && `/customers/${known.variables.id}`
    default:
      return undefined
  }
}

export function ArrivedItem({ task, records }: { task: SettledTask; records: Records }): ReactNode {
  const reconciliation = task.outcome.status === 'confirmed' ? task.outcome.reconciliation : []
  const title = entryTitle(task, withAnswer(records, task.outcome))
  const place = placeOf(task, records)
  return (
    <li className={classes['entry']}>
      <div className={classes['top']}>
        <Text fw={600} className={classes['name']}>
          {title}
        </Text>
        <span className={classes['state']}>
          <StateBadge word={outcomeWord(task)} />
        </span>
      </div>
      <Text size="sm">
        <Ago at={task.settledAt} say={words.settledAt} />
        {place && (
          <>
            {' · '}
            <Anchor component={Link} underline="always" href={place} aria-label={words.about(words.open, title)}>
              {words.open}
            </Anchor>
          </>
        )}
      </Text>
      {reconciliation.map(each => (
        <Text key={each.field} size="sm">
          {each.message}
        </Text>
      ))}
    </li>
  )
}
