import { useMutation } from '@apollo/client/react'
import { systemClock, systemRandom } from 'layover/protocol'
import { type ReactNode, useId, useState } from 'react'
import { BookVacationDocument, type BookVacationInput } from './__generated__/graphql.ts'
import type { Offer, Records } from './records.ts'
import { money } from './words.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const dayIn = (days: number): string => new Date(systemClock.now() + days * DAY_MS).toISOString().slice(0, 10)

function offerLabel(offer: Offer): string {
  const stars = 'stars' in offer && offer.stars ? ` · ${offer.stars}★` : ''
  const seats = 'seats' in offer && offer.seats ? ` · ${offer.seats} seats` : ''
  const old = systemClock.now() > Date.parse(offer.validUntil) ? ' · price may have changed' : ''
  return `${offer.name}${stars}${seats} · ${money(offer.price)}${offer.discontinued ? ' · discontinued' : ''}${old}`
}

interface OfferSelectProps {
  label: string
  name: string
  offers: readonly Offer[]
  value: string
  onChange(id: string): void
  /** What choosing nothing is called; without it something must be chosen. */
  none?: string
}

function OfferSelect({ label, name, offers, value, onChange, none }: OfferSelectProps): ReactNode {
  return (
    <label>
      {label}
      <select name={name} value={value} required={none === undefined} onChange={event => onChange(event.target.value)}>
        <option value="">{none ?? 'Choose…'}</option>
        {offers.map(offer => (
          <option key={offer.id} value={offer.id}>
            {offerLabel(offer)}
          </option>
        ))}
      </select>
    </label>
  )
}

/** The form's fields as the task's input; amounts are asked in whole units and sent in cents. */
function inputOf(form: FormData): BookVacationInput {
  const text = (name: string): string => String(form.get(name) ?? '')
  return {
    vacationId: systemRandom.uuid(),
    customerId: text('customer'),
    startsOn: text('startsOn'),
    endsOn: text('endsOn'),
    travellers: Number(text('travellers')),
    notes: text('notes') || null,
    hotelOfferId: text('hotel'),
    flightOfferId: text('flight'),
    carOfferId: text('car') || null,
    carOptional: form.has('carOptional'),
    acceptReplacement: form.has('acceptReplacement'),
    priceLimit: text('priceLimit') ? Math.round(Number(text('priceLimit')) * 100) : null,
  }
}

const NOTHING = { hotel: '', flight: '', car: '' }

/** Books hotel, flight and car as one task. Works without a network; what it says then is that the wish is saved, no more. */
export function BookingForm({ records }: { records: Records }): ReactNode {
  const [book] = useMutation(BookVacationDocument)
  const [said, setSaid] = useState<{ text: string; failed: boolean }>()
  const [place, setPlace] = useState('')
  const [chosen, setChosen] = useState(NOTHING)
  const [startsOn, setStartsOn] = useState(() => dayIn(30))
  const title = useId()
  const here = place || records.places[0]
  const at = <O extends Offer>(offers: readonly O[]): readonly O[] => offers.filter(offer => offer.place === here)
  const choose = (kind: keyof typeof NOTHING) => (id: string) => setChosen({ ...chosen, [kind]: id })
  const prices = Object.values(chosen).flatMap(id => records.offer(id)?.price ?? [])
  const currency = prices[0]?.currency
  const total = prices.reduce((sum, price) => sum + price.amount, 0)

  return (
    <form
      className="card form"
      aria-labelledby={title}
      onSubmit={event => {
        event.preventDefault()
        const form = event.currentTarget
        setSaid({ text: 'Saving on this device…', failed: false })
        book({ variables: { input: inputOf(new FormData(form)) } }).then(
          () => {
            setChosen(NOTHING)
            setSaid({ text: 'Saved on this device. The outbox shows how far it is.', failed: false })
          },
          (reason: unknown) => setSaid({ text: `It could not be saved. ${String(reason)}`, failed: true }),
        )
      }}
    >
      <h2 id={title}>Book a vacation</h2>
      <div className="fields">
        <label>
          Customer
          <select name="customer" required defaultValue="">
            <option value="">Choose…</option>
            {records.customers.map(customer => (
              <option key={customer.id} value={customer.id}>
                {customer.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Place
          <select
            value={here ?? ''}
            onChange={event => {
              setPlace(event.target.value)
              setChosen(NOTHING)
            }}
          >
            {records.places.map(each => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          From
          <input
            type="date"
            name="startsOn"
            required
            value={startsOn}
            onChange={event => setStartsOn(event.target.value)}
          />
        </label>
        <label>
          To
          <input type="date" name="endsOn" required min={startsOn} defaultValue={dayIn(35)} />
        </label>
        <label>
          Travellers
          <input type="number" name="travellers" required min="1" max="20" defaultValue="2" />
        </label>
        <label>
          Price limit (whole trip)
          <input type="number" name="priceLimit" min="1" step="0.01" placeholder="none" />
        </label>
        <OfferSelect
          label="Hotel"
          name="hotel"
          offers={at(records.hotels)}
          value={chosen.hotel}
          onChange={choose('hotel')}
        />
        <OfferSelect
          label="Flight"
          name="flight"
          offers={at(records.flights)}
          value={chosen.flight}
          onChange={choose('flight')}
        />
        <OfferSelect
          label="Car"
          name="car"
          offers={at(records.cars)}
          value={chosen.car}
          onChange={choose('car')}
          none="No car"
        />
        <label>
          Notes
          <input type="text" name="notes" />
        </label>
      </div>
      <label className="check">
        <input type="checkbox" name="carOptional" defaultChecked /> Book without the car if there is none
      </label>
      <label className="check">
        <input type="checkbox" name="acceptReplacement" defaultChecked /> Take the successor of an offer that is gone
      </label>
      <p className="actions">
        <button type="submit" className="primary">
          Book
        </button>
        {currency && <output>{`${money({ amount: total, currency })} at the prices on this device`}</output>}
      </p>
      {said && <p role={said.failed ? 'alert' : 'status'}>{said.text}</p>}
    </form>
  )
}
