import { Alert, Anchor, Button, Drawer, Group, NativeSelect, Stack, Switch, Text } from '@mantine/core'
import { useOfflineClient } from 'layover/react'
import { type ReactNode, useEffect, useState } from 'react'
import { useCustomers, useOffers } from '../device/records.ts'
import { useSignedIn } from '../device/session-context.tsx'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { demoFaults, SWITCHES, useDemoFaults } from './demo-faults.ts'
import { Ledger } from './ledger.tsx'
import { faultPanel } from './panel-state.ts'

const words = texts.faults

/** In demo mode: break things, and see each promise hold. The page beside it stays usable. */
export function FaultPanel(): ReactNode {
  return (
    <Drawer
      opened
      className="fault-panel"
      onClose={faultPanel.close}
      position="left"
      size="sm"
      title={words.title}
      withOverlay={false}
      trapFocus={false}
      closeOnClickOutside={false}
    >
      <Contents />
    </Drawer>
  )
}

function Contents(): ReactNode {
  const faults = useDemoFaults()
  const { session, tokens } = useSignedIn()
  const { sync } = useOfflineClient()
  const [problem, setProblem] = useState<string>()
  const run = (action: Promise<unknown>): void => {
    setProblem(undefined)
    action.catch((reason: unknown) => setProblem(problemText(reason)))
  }
  useEffect(() => {
    demoFaults.read().catch((reason: unknown) => setProblem(problemText(reason)))
  }, [])
  return (
    <Stack>
      <Text size="sm">{words.intro}</Text>
      {problem && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      {SWITCHES.map(name => (
        <Switch
          key={name}
          label={words.switches[name]}
          description={words.hints[name]}
          disabled={!faults || (!faults.sandbox && (name === 'slowHotel' || name === 'failCar'))}
          checked={faults?.[name] ?? false}
          onChange={event => run(demoFaults.switch({ [name]: event.currentTarget.checked }))}
        />
      ))}
      {faults?.sandbox && <Hotels run={run} />}
      <Colleague run={run} />
      <div>
        <Button
          onClick={() => {
            tokens.spoil()
            // The next request shows it; its refusal is what was asked for.
            sync.pull().catch(() => undefined)
          }}
        >
          {words.expire}
        </Button>
        <Text size="sm">{words.expireHint}</Text>
      </div>
      <Button
        onClick={() => run(demoFaults.switch({ cut: false, loseAnswers: false, slowHotel: false, failCar: false }))}
      >
        {words.reset}
      </Button>
      {faults && <Ledger ledger={faults.ledger} onRefresh={() => run(demoFaults.read())} />}
      {session.by === 'demo' && <Anchor href="/playground/">{words.playground}</Anchor>}
    </Stack>
  )
}

interface ToyProps {
  run(action: Promise<unknown>): void
}

function Hotels({ run }: ToyProps): ReactNode {
  const { hotels } = useOffers()
  const [chosen, setChosen] = useState('')
  const hotel = hotels.find(({ id }) => id === chosen) ?? hotels[0]
  if (!hotel) return null
  const offerId = hotel.id
  const successor = hotels.find(
    ({ id, place, discontinued }) => id !== offerId && place === hotel.place && !discontinued,
  )
  return (
    <Stack gap="xs">
      <NativeSelect
        label={words.hotel}
        data={hotels.map(({ id, name, place }) => ({ value: id, label: `${name}, ${place}` }))}
        value={offerId}
        onChange={event => setChosen(event.currentTarget.value)}
      />
      <Group gap="xs">
        <Button
          size="xs"
          title={words.sellOutHint}
          onClick={() => run(demoFaults.offer({ offerId, action: 'sell-out' }))}
        >
          {words.sellOut}
        </Button>
        <Button size="xs" onClick={() => run(demoFaults.offer({ offerId, action: 'restock' }))}>
          {words.restock}
        </Button>
        <Button
          size="xs"
          title={words.raiseHint}
          onClick={() => run(demoFaults.offer({ offerId, action: 'raise-price', amount: hotel.price.amount * 2 }))}
        >
          {words.raise}
        </Button>
        <Button
          size="xs"
          title={words.discontinueHint}
          onClick={() =>
            run(
              demoFaults.offer({ offerId, action: 'discontinue', ...(successor ? { replacedBy: successor.id } : {}) }),
            )
          }
        >
          {words.discontinue}
        </Button>
      </Group>
      <Text size="sm">{words.sellOutHint}</Text>
    </Stack>
  )
}

function Colleague({ run }: ToyProps): ReactNode {
  const customers = useCustomers()
  const [chosen, setChosen] = useState('')
  const customer = customers.find(({ id }) => id === chosen) ?? customers[0]
  if (!customer) return null
  return (
    <Stack gap="xs">
      <NativeSelect
        label={words.colleague}
        data={customers.map(({ id, name }) => ({ value: id, label: name }))}
        value={customer.id}
        onChange={event => setChosen(event.currentTarget.value)}
      />
      <Button size="xs" onClick={() => run(demoFaults.colleague(customer.id))}>
        {words.colleagueAction}
      </Button>
      <Text size="sm">{words.colleagueHint}</Text>
    </Stack>
  )
}
