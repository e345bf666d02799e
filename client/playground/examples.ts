import { systemClock, systemRandom } from 'layover/protocol'

/** One tab of the playground; its title is the name of its operation. */
export interface Example {
  query: string
  variables?: string
}

const DAY_MS = 24 * 60 * 60 * 1000
const dateIn = (days: number): string => new Date(systemClock.now() + days * DAY_MS).toISOString().slice(0, 10)
const pretty = (value: unknown): string => JSON.stringify(value, null, 2)

const OFFERS = `# What there is to book, and for whom.
# Press the run button, or Ctrl-Enter.
query Offers {
  customers(first: 5) {
    nodes { id name email phone version }
  }
  hotelOffers(place: "Lisbon") {
    nodes { id name place stars price { amount currency } validUntil }
  }
  flightOffers(place: "Lisbon") {
    nodes { id name place departs price { amount currency } }
  }
  carOffers(place: "Lisbon") {
    nodes { id name place seats price { amount currency } }
  }
  vacations(first: 5) {
    nodes { id status startsOn endsOn hotel { confirmation } flight { confirmation } car { confirmation } }
  }
}
`

const BOOK_VACATION = `# Hotel, flight, car and mail as one task:
# it ends whole or undone.
# "Reset examples" makes new ids.
mutation BookVacation($task: TaskInput, $input: BookVacationInput!) {
  bookVacation(task: $task, input: $input) {
    task {
      id
      status
      progress
      steps { name status attempts optional error }
      rejection { code message suggestions { label patch } }
      reconciliation { field from to rule message }
    }
    vacation {
      id
      version
      status
      hotel { offerId confirmation price { amount currency } }
      flight { offerId confirmation price { amount currency } }
      car { offerId confirmation price { amount currency } }
      total { amount currency }
    }
  }
}
`

const BOOK_AGAIN = `# The same task once more, as a client sends it
# that heard no answer: the first outcome comes
# back, and nothing is booked a second time.
# Change "travellers" and run it: ID_REUSED.
mutation BookVacationAgain($task: TaskInput, $input: BookVacationInput!) {
  bookVacation(task: $task, input: $input) {
    task { id status steps { name status attempts } rejection { code message } }
    vacation { id hotel { confirmation } flight { confirmation } }
  }
}
`

const MAKE_CONFLICT = `# Two people change the same customer, and both
# saw the same version: the first one is
# confirmed, the second one is a CONFLICT.
# It holds both values; nothing is overwritten.
mutation MakeConflict($id: ID!, $first: TaskInput, $second: TaskInput, $new: CreateCustomerInput!) {
  made: createCustomer(input: $new) { customer { version } }
  colleague: updateCustomer(task: $first, id: $id, baseVersion: 1, patch: { phone: "+351 555 0001" }) {
    task { status }
    customer { version phone }
  }
  me: updateCustomer(task: $second, id: $id, baseVersion: 1, patch: { phone: "+351 555 0002" }) {
    task { id status conflict { fields base mine theirs theirsBy theirsVersion } }
  }
}
`

const SETTLE_CONFLICT = `# Run MakeConflict first. A person decides,
# and the decision is a task like any other:
# KEEP_MINE, TAKE_THEIRS, MERGE with values,
# or ESCALATE to a supervisor.
mutation SettleConflict($conflictOf: ID!, $decision: Decision!, $values: JSON) {
  resolveConflict(conflictOf: $conflictOf, decision: $decision, values: $values) {
    task { id status rejection { code message } }
    resolved { id status }
  }
}
`

const TASK_REPORT = `# What became of the tasks, step by step.
# A supervisor sees the whole agency's.
query TaskReport {
  tasks(first: 5) {
    nodes {
      id
      name
      status
      steps { name status attempts error startedAt endedAt }
      rejection { code message }
      conflict { type id fields base mine theirs theirsBy theirsAt }
    }
    hasMore
  }
}
`

const CHANGES_SINCE = `# Without a cursor: all that you may see.
# Put the answered "cursor" into "since" and
# run it again: nothing. Change a record in
# another tab, run it once more: that record.
query ChangesSince($since: Cursor, $scopes: [ScopeInput!]) {
  changes(since: $since, scopes: $scopes, first: 100) {
    cursor
    hasMore
    reset
    removed { type id reason }
    changed {
      __typename
      id
      version
      updatedAt
      updatedBy
      ... on Customer { name phone notes }
      ... on Vacation { vacationStatus: status startsOn endsOn }
      ... on Task { taskName: name taskStatus: status }
    }
  }
}
`

const CHANGES_AVAILABLE = `# Runs until you stop it. A poke says that a
# pull would bring something. It has no data.
# Make one: run BookVacation in a second
# window of this page.
subscription ChangesAvailable {
  changesAvailable { at }
}
`

/** The tabs of a first visit, with ids that nobody has used: GraphiQL's variables know no functions. */
export function createExamples(): Example[] {
  const booking = {
    task: { id: systemRandom.uuid() },
    input: {
      vacationId: systemRandom.uuid(),
      customerId: 'customer-1',
      startsOn: dateIn(30),
      endsOn: dateIn(35),
      travellers: 2,
      hotelOfferId: 'hotel-lisbon-1',
      flightOfferId: 'flight-lisbon-1',
      carOfferId: 'car-lisbon-1',
      carOptional: true,
      acceptReplacement: true,
    },
  }
  const customer = systemRandom.uuid()
  const [first, second] = [systemRandom.uuid(), systemRandom.uuid()]
  const conflict = {
    id: customer,
    first: { id: first },
    second: { id: second },
    new: { id: customer, name: 'Playground Walking Club', phone: '+351 555 0000' },
  }
  const settlement = { conflictOf: second, decision: 'MERGE', values: { phone: '+351 555 0002' } }
  const scopes = [{ type: 'Customer' }, { type: 'Vacation' }, { type: 'Task' }]
  return [
    { query: OFFERS },
    { query: BOOK_VACATION, variables: pretty(booking) },
    { query: BOOK_AGAIN, variables: pretty(booking) },
    { query: MAKE_CONFLICT, variables: pretty(conflict) },
    { query: SETTLE_CONFLICT, variables: pretty(settlement) },
    { query: CHANGES_SINCE, variables: pretty({ since: null, scopes }) },
    { query: CHANGES_AVAILABLE },
    { query: TASK_REPORT },
  ]
}
