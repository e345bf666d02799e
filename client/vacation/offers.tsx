import { systemClock } from 'layover/protocol'
import { type ReactNode, useState } from 'react'
import { type Offer, useRecords } from './records.ts'
import { momentOf, money } from './words.ts'

function OfferTable({ title, offers }: { title: string; offers: readonly Offer[] }): ReactNode {
  return (
    <div className="scroll">
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Price</th>
            <th scope="col">Valid until</th>
          </tr>
        </thead>
        <tbody>
          {offers.map(offer => (
            <tr key={offer.id}>
              <th scope="row">
                {offer.discontinued ? <s>{offer.name}</s> : offer.name}
                {offer.discontinued && ' (discontinued)'}
              </th>
              <td>{money(offer.price)}</td>
              <td>
                {momentOf(offer.validUntil)}
                {systemClock.now() > Date.parse(offer.validUntil) && ' · may have changed'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** What the suppliers offer at one place, as of the last sync. */
export function Offers(): ReactNode {
  const { places, hotels, flights, cars } = useRecords()
  const [chosen, setChosen] = useState('')
  const place = chosen || places[0]
  const at = <O extends Offer>(offers: readonly O[]): readonly O[] => offers.filter(offer => offer.place === place)
  return (
    <section aria-labelledby="offers-title">
      <h2 id="offers-title">Offers</h2>
      {places.length === 0 && <p className="detail">No offers on this device yet.</p>}
      {places.length > 0 && (
        <>
          <label className="inline">
            Place
            <select value={place ?? ''} onChange={event => setChosen(event.target.value)}>
              {places.map(each => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <OfferTable title="Hotels" offers={at(hotels)} />
          <OfferTable title="Flights" offers={at(flights)} />
          <OfferTable title="Cars" offers={at(cars)} />
        </>
      )}
    </section>
  )
}
