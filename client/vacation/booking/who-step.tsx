import { Button, NumberInput, Select, Stack, TextInput } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import { type ReactNode, useState } from 'react'
import { useCustomers } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import classes from './booking.module.css'
import type { StepProps } from './booking-screen.tsx'

const words = texts.booking
const MOST_SHOWN = 50

export function WhoStep({ draft, offers, problems, change }: StepProps): ReactNode {
  const customers = useCustomers()
  const [isNew, setNew] = useState(draft.newCustomer !== '')
  return (
    <div className={classes['fields']}>
      <Stack gap={4} align="flex-start">
        {isNew ? (
          <TextInput
            w="100%"
            label={words.newCustomerName}
            value={draft.newCustomer}
            error={problems.customer}
            data-autofocus
            onChange={event => change({ newCustomer: event.currentTarget.value, customerId: '' })}
          />
        ) : (
          <Select
            w="100%"
            label={words.customer}
            placeholder={words.chooseCustomer}
            searchable
            openOnFocus={false}
            limit={MOST_SHOWN}
            data={customers.map(({ id, name }) => ({ value: id, label: name }))}
            value={draft.customerId || null}
            error={problems.customer}
            nothingFoundMessage={words.nobodyFound}
            onChange={id => change({ customerId: id ?? '', newCustomer: '' })}
          />
        )}
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => {
            setNew(!isNew)
            change({ newCustomer: '', customerId: '' })
          }}
        >
          {isNew ? words.existingCustomer : words.newCustomer}
        </Button>
      </Stack>
      <Select
        label={words.place}
        data={[...offers.places]}
        value={draft.place || null}
        error={problems.place}
        allowDeselect={false}
        onChange={place => change({ place: place ?? '' })}
      />
      <DatePickerInput
        type="range"
        label={words.dates}
        placeholder={words.pickDates}
        valueFormat="D MMM YYYY"
        w="100%"
        value={[draft.startsOn || null, draft.endsOn || null]}
        error={problems.dates}
        onChange={([startsOn, endsOn]) => change({ startsOn: startsOn ?? '', endsOn: endsOn ?? '' })}
      />
      <NumberInput
        label={words.travellers}
        min={1}
        max={20}
        allowDecimal={false}
        value={draft.travellers}
        error={problems.travellers}
        onChange={travellers => change({ travellers: Number(travellers) })}
      />
    </div>
  )
}
