import { systemClock, systemRandom } from 'layover/protocol'

/** One tab of the playground; its title is the name of its operation. */
export interface Example {
  query: string
  variables?: string
}

const DAY_MS = 24 * 60 * 60 * 1000
const dateIn = (days: number): string => new Date(systemClock.now() + days * DAY_MS).toISOString().slice(0, 10)
const pretty = (value: unknown): string => JSON.stringify(value, null, 2)

const LOOK_AROUND = `# What the demo agency has.
# Press the run button, or Ctrl-Enter.
query LookAround {
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
# Run it twice: the same task id is answered
# with the first outcome, nothing is booked.
# Change "travellers" and run it: ID_REUSED.
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
  const scopes = [{ type: 'Customer' }, { type: 'Vacation' }, { type: 'Task' }]
  return [
    { query: LOOK_AROUND },
    { query: BOOK_VACATION, variables: pretty(booking) },
    { query: TASK_REPORT },
    { query: CHANGES_SINCE, variables: pretty({ since: null, scopes }) },
    { query: CHANGES_AVAILABLE },
  ]
}
