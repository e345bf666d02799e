import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useOverlay } from '../shell/overlay.ts'
import { texts } from '../texts/index.ts'
import { useAbsenceReport } from './absence-context.tsx'
import type { AbsenceReport as Report } from './absences.ts'
import classes from './report.module.css'

const words = texts.report

/** "4 confirmed, 1 needs review · 3 records changed by others" */
function summary({ settled, stuck, customers, vacations, offers }: Report): string {
  const count = (status: string): number => stuck.filter(entry => entry.status === status).length
  const confirmed = settled.filter(({ outcome }) => outcome.status === 'confirmed').length
  const [review, failed] = [count('conflict'), count('rejected') + count('parked')]
  const own = [
    ...(confirmed > 0 ? [words.confirmed(confirmed)] : []),
    ...(review > 0 ? [words.review(review)] : []),
    ...(failed > 0 ? [words.failed(failed)] : []),
  ].join(', ')
  const others = customers.length + vacations.length
  return [
    ...(own ? [own] : []),
    ...(others > 0 ? [words.changed(others)] : []),
    ...(offers.length > 0 ? [words.offers(offers.length)] : []),
  ].join(' · ')
}

/** After a reconnect: what became of one's own changes, and what others did. It stands in nobody's way. */
export function AbsenceReport(): ReactNode {
  const { report, dismiss } = useAbsenceReport()
  const { show } = useOverlay()
  if (!report) return null
  return (
    <section aria-label={words.title} className={classes['strip']}>
      <span>
        <strong>{words.title}:</strong> {summary(report)}
      </span>
      <Button size="xs" variant="filled" onClick={() => show('report')}>
        {words.details}
      </Button>
      <Button size="xs" onClick={dismiss}>
        {words.dismiss}
      </Button>
    </section>
  )
}
