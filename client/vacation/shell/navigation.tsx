import { Badge } from '@mantine/core'
import { IconBeach, IconDeviceLaptop, IconGavel, IconTags, IconUsers } from '@tabler/icons-react'
import type { OutboxState } from 'layover/react'
import { useOutbox } from 'layover/react'
import type { ComponentType, ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useTasksInReview } from '../device/records.ts'
import { isSupervisor, useSignedIn } from '../device/session-context.tsx'
import { knownTask } from '../device/tasks.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { texts } from '../texts/index.ts'
import classes from './frame.module.css'

const words = texts.shell

interface View {
  path: string
  label: string
  icon: ComponentType<{ size: number; 'aria-hidden': boolean }>
  /** How many of its records wait. */
  waiting?: number
}

const ofCustomers = ({ entries }: OutboxState): number =>
  entries.filter(entry => isUnsettled(entry) && knownTask(entry)?.name.endsWith('Customer')).length
const ofVacations = ({ entries }: OutboxState): number =>
  entries.filter(entry => isUnsettled(entry) && knownTask(entry)?.name.endsWith('Vacation')).length

/** The views that this user has, with what waits in each. */
function useViews(): View[] {
  const { session } = useSignedIn()
  const customers = useOutbox(ofCustomers)
  const vacations = useOutbox(ofVacations)
  const inReview = useTasksInReview().length
  return [
    { path: '/vacations', label: words.vacations, icon: IconBeach, waiting: vacations },
    { path: '/customers', label: words.customers, icon: IconUsers, waiting: customers },
    { path: '/offers', label: words.offers, icon: IconTags },
    ...(isSupervisor(session) || inReview > 0
      ? [{ path: '/review', label: words.review, icon: IconGavel, waiting: inReview }]
      : []),
    { path: '/device', label: words.device, icon: IconDeviceLaptop },
  ]
}

/** In the header where there is room, at the bottom where there is not. */
export function Navigation(): ReactNode {
  const [location] = useLocation()
  const views = useViews()
  return (
    <nav aria-label={words.views} className={classes['navigation']}>
      {views.map(({ path, label, icon: Icon, waiting = 0 }) => (
        <Link
          key={path}
          href={path}
          className={classes['view']}
          aria-current={location === path || location.startsWith(`${path}/`) ? 'page' : undefined}
        >
          <Icon size={18} aria-hidden />
          {label}
          {waiting > 0 && (
            <Badge
              size="sm"
              variant="filled"
              circle
              className={classes['count']}
              aria-label={words.waitingHere(waiting)}
            >
              {waiting}
            </Badge>
          )}
        </Link>
      ))}
    </nav>
  )
}

const NAMES: Readonly<Record<string, string>> = {
  vacations: words.vacations,
  book: texts.booking.title,
  customers: words.customers,
  offers: words.offers,
  review: words.review,
  device: words.device,
}

/** The name of the view at this address; empty where there is none. */
export function useViewName(): string {
  const [location] = useLocation()
  const [, view = ''] = location.split('/')
  return NAMES[view] ?? ''
}
