import { Button, VisuallyHidden } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useOverlay } from '../shell/overlay.ts'
import { texts } from '../texts/index.ts'
import { useAbsenceReport } from './absence-context.tsx'
import type { AbsenceReport as Report } from './absences.ts'
import classes from './report.module.css'

const words = texts.report

/** "4 confirmed, 1 needs review · 3 records changed by others" */
function summary({ settled, stuck, pending, customers, vacations, offers }: Report): string {
  const count = (status: string): number => stuck.filter(entry => entry.status === status).length
  const confirmed = settled.filter(({ outcome }) => outcome.status === 'confirmed').length
  const [review, failed, others] = [
    count('conflict'),
    count('rejected') + count('parked'),
    customers.length + vacations.length,
  ]
  const own = [
    ...(confirmed > 0 ? [words.confirmed(confirmed)] : []),
    ...(review > 0 ? [words.review(review)] : []),
    ...(failed > 0 ? [words.failed(failed)] : []),
    ...(pending.length > 0 ? [words.pending(pending.length)] : []),
  ]
  return [
    ...(own.length > 0 ? [own.join(', ')] : []),
    ...(others > 0 ? [words.changed(others)] : []),
    ...(offers.length > 0 ? [words.offers(offers.length)] : []),
  ].join(' · ')
}

/** After a reconnect: what became of one's own changes, and what others did. It stands in nobody's way. */
export function AbsenceReport(): ReactNode {
  const { report, dismiss } = useAbsenceReport()
  const { show } = useOverlay()
  const text = report && summary(report)
  const leave = (): void => {
    dismiss()
    // The button is gone then.
    document.querySelector('main')?.focus()
  }
  return (
    <>
      <VisuallyHidden role="status" aria-label={words.title}>
        {text && `${words.title}: ${text}`}
      </VisuallyHidden>
      {text && (
        <section aria-label={words.title} className={classes['strip']}>
          <IconHistory size={18} aria-hidden className={classes['icon']} />
          <span>
            <strong>{words.title}:</strong> {text}
          </span>
          <Button size="xs" onClick={() => show('report')}>
            {words.details}
          </Button>
          <Button size="xs" variant="subtle" color="gray" onClick={leave}>
            {words.dismiss}
          </Button>
        </section>
      )}
    </>
  )
}
