import '@mantine/dates/styles.css'
import { useMutation } from '@apollo/client/react'
import { Alert, Button, Card, Group, Stepper } from '@mantine/core'
import { systemRandom } from 'layover/protocol'
import { useOfflineClient, useTask } from 'layover/react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { BookVacationDocument, CreateCustomerDocument } from '../__generated__/graphql.ts'
import { type Offers, useOffers } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { ScreenHeader } from '../ui/screen-header.tsx'
import classes from './booking.module.css'
import { CheckStep } from './check-step.tsx'
import {
  completed,
  type Draft,
  type DraftProblems,
  draftOf,
  freshDraft,
  inputOf,
  keepDraft,
  keptDraft,
  problemsOf,
  STEPS,
  type Step,
} from './draft.ts'
import { CarStep, FlightStep, HotelStep } from './offer-steps.tsx'
import { WhoStep } from './who-step.tsx'

const words = texts.booking

export interface StepProps {
  draft: Draft
  offers: Offers
  problems: DraftProblems
  change(part: Partial<Draft>): void
}

const BODIES = { who: WhoStep, hotel: HotelStep, flight: FlightStep, car: CarStep, check: CheckStep } as const

/** Books hotel, flight and car as one task, online or not, or changes a booking that has not been made yet (`?entry=`). */
export function BookingScreen(): ReactNode {
  const [params] = useSearchParams()
  const entryId = params.get('entry')
  return entryId ? <ChangeWaiting key={entryId} entryId={entryId} /> : <NewBooking />
}

function NewBooking(): ReactNode {
  const [params] = useSearchParams()
  const offers = useOffers()
  const [create] = useMutation(CreateCustomerDocument)
  const [book] = useMutation(BookVacationDocument)
  const [begin] = useState((): Draft => {
    const asked = ['customer', 'hotel', 'flight', 'car'].some(name => params.has(name))
    const kept = asked ? undefined : keptDraft()
    if (kept) return kept
    const first = offers.offer(params.get('hotel') ?? params.get('flight') ?? params.get('car'))
    return {
      ...freshDraft(),
      customerId: params.get('customer') ?? '',
      place: first?.place ?? '',
      hotelOfferId: params.get('hotel') ?? '',
      flightOfferId: params.get('flight') ?? '',
      carOfferId: params.get('car') ?? '',
    }
  })
  const submit = async (draft: Draft): Promise<string> => {
    let { customerId } = draft
    if (!customerId) {
      customerId = systemRandom.uuid()
      await create({ variables: { input: { id: customerId, name: draft.newCustomer.trim() } } })
    }
    const input = inputOf(draft, customerId)
    await book({ variables: { input } })
    keepDraft(null)
    return input.vacationId
  }
  return <Steps title={words.title} begin={begin} offers={offers} action={words.book} keeps submit={submit} />
}

function ChangeWaiting({ entryId }: { entryId: string }): ReactNode {
  const { outbox } = useOfflineClient()
  const { entry } = useTask(entryId)
  const offers = useOffers()
  const known = entry && knownTask(entry)
  const input = known?.name === 'BookVacation' ? known.variables.input : undefined
  // The form keeps what it began with, whatever becomes of the entry meanwhile.
  const [begin] = useState(() => input && draftOf(input, offers.offer(input.hotelOfferId)?.place ?? ''))
  if (!begin || !input) return <Alert color="orange">{words.entryGone}</Alert>
  const submit = async (draft: Draft): Promise<string> => {
    await outbox.edit(entryId, { input: inputOf(draft, draft.customerId, input.vacationId) })
    return input.vacationId
  }
  return <Steps title={words.changeTitle} begin={begin} offers={offers} action={words.save} submit={submit} />
}

interface StepsProps {
  title: string
  begin: Draft
  offers: Offers
  /** What the last button says. */
  action: string
  /** Whether the draft outlives the tab. */
  keeps?: boolean
  /** Resolves to the vacation's id when it is on the device. */
  submit(draft: Draft): Promise<string>
}

function Steps({ title, begin, offers, action, keeps = false, submit }: StepsProps): ReactNode {
  const [typed, setDraft] = useState(begin)
  const [step, setStep] = useState<Step>('who')
  const [problems, setProblems] = useState<DraftProblems>({})
  const [failure, setFailure] = useState<string>()
  const [isSaving, setSaving] = useState(false)
  const [, navigate] = useLocation()
  const body = useRef<HTMLDivElement>(null)
  const draft = completed(typed, offers)
  const at = STEPS.indexOf(step)
  const Body = BODIES[step]

  useEffect(() => {
    if (keeps) keepDraft(typed)
  }, [keeps, typed])

  const go = (to: number): void => {
    setStep(STEPS[to] ?? 'who')
    setProblems({})
    body.current?.focus()
  }
  const advance = (): void => {
    const found = problemsOf(draft, step)
    setProblems(found)
    if (Object.keys(found).length > 0) {
      // After the words stand beside the fields.
      requestAnimationFrame(() => body.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
      return
    }
    if (step !== 'check') {
      go(at + 1)
      return
    }
    setSaving(true)
    setFailure(undefined)
    submit(draft).then(
      id => navigate(`/vacations/${id}`),
      (reason: unknown) => {
        setSaving(false)
        setFailure(`${words.notSaved} ${problemText(reason)}`)
      },
    )
  }

  return (
    <>
      <ScreenHeader title={title} freshness="HotelOffer" />
      <Stepper active={at} onStepClick={to => to < at && go(to)} size="sm" mb="lg" className={classes['stepper']}>
        {STEPS.map((each, index) => (
          <Stepper.Step
            key={each}
            aria-label={words.steps[each]}
            label={words.steps[each]}
            allowStepSelect={index < at}
          />
        ))}
      </Stepper>
      <Card
        component="form"
        aria-label={words.title}
        noValidate
        onSubmit={event => {
          event.preventDefault()
          advance()
        }}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset draws what is drawn here by the card */}
        <div
          ref={body}
          tabIndex={-1}
          role="group"
          aria-label={`${words.stepOf(at + 1, STEPS.length)}: ${words.steps[step]}`}
          className={classes['body']}
        >
          <Body
            draft={draft}
            offers={offers}
            problems={problems}
            change={part => setDraft(before => ({ ...before, ...part }))}
          />
        </div>
        {failure && (
          <Alert color="red" role="alert" mt="md">
            {failure}
          </Alert>
        )}
        <Group justify="space-between" mt="lg">
          <Button disabled={at === 0} onClick={() => go(at - 1)}>
            {words.back}
          </Button>
          <Button type="submit" variant="filled" loading={isSaving}>
            {step === 'check' ? action : words.next}
          </Button>
        </Group>
      </Card>
    </>
  )
}
