export const customerTexts = {
  title: 'Customers',
  search: 'Search',
  searchHint: 'Name, email, phone or notes',
  clearSearch: 'Clear the search',
  newCustomer: 'New customer',
  none: 'No customers on this device yet.',
  noneHint: 'Make your first one: it works without a connection, too.',
  noneFound: 'Nobody fits this search.',
  count: (shown: number, of: number): string =>
    shown === of ? (of === 1 ? '1 customer' : `${of} customers`) : `${shown} of ${of} customers`,
  showMore: (count: number): string => `Show ${count} more`,
  choose: 'Choose a customer to see more.',
  gone: 'This customer is not on this device.',
  goneHint: 'It was deleted, belongs to somebody else by now, or has not been fetched yet.',
  back: 'All customers',
  fields: { name: 'Name', email: 'Email', phone: 'Phone', address: 'Address', notes: 'Notes' },
  nothingEntered: 'Not entered',
  vacations: 'Vacations',
  noVacations: 'No vacations yet.',
  bookFor: 'Book a vacation',
  edit: 'Edit',
  editTitle: (name: string): string => `Edit ${name}`,
  save: 'Save',
  leave: 'Leave as it was',
  nameNeeded: 'A customer needs a name.',
  emailWrong: 'An email address looks like name@example.com.',
  nothingChanged: 'Nothing was changed.',
  /** @param word how far it has come: "Saved on this device" */
  saved: (name: string, word: string): string => `${name}: ${word}`,
  changedMeanwhile: (what: string): string =>
    `This customer changed while the form was open. ${what} Your input is kept, and is compared with what stood here at the start.`,
  nowIs: (field: string, value: string): string => `${field} is now “${value}”.`,
  nowEmpty: (field: string): string => `${field} is now empty.`,
  goneMeanwhile:
    'This customer was deleted, or given to somebody else, while the form was open. Your input is kept. If you save it, it will probably need a decision.',
  entryGone: 'This change can no longer be edited: it has left, or was discarded.',
  changes: 'Changes of this customer',

  remove: 'Delete',
  removeQueued: (name: string): string => `${name} will be deleted. Saved on this device.`,
  removeSent: (name: string): string => `Deleting ${name} is on its way.`,
  removed: (name: string): string => `${name} was deleted.`,
  removeUndone: (name: string): string => `Undone before it was sent: ${name} stays as it was.`,
  removeRefused: (name: string): string => `The server had not deleted ${name}. Nothing had to be undone.`,
  remaking: (name: string): string => `It had been sent already, so ${name} is made again as a new customer.`,
  remakingWithout: (name: string): string =>
    `It had been sent already, so ${name} is made again as a new customer, without its former vacations.`,

  hasVacations: 'This customer still has a booked vacation. Cancel it first, or wait until it is over.',
  openOutbox: 'Open the outbox',

  checkOut: 'Check out',
  checkOutLonger: 'Check out for another time',
  checkOutFor: (minutes: number): string => `For ${minutes < 60 ? `${minutes} minutes` : hours(minutes / 60)}`,
  checkOutHint: 'Reserves this customer for you: for 30 minutes nobody else can change it.',
  checkOutOffline: 'Checking out needs a connection: a reservation that is only on this device would keep nobody out.',
  checkOutPaused: 'Checking out has to reach the server, and sending is paused.',
  checkOutStale: 'What is on this device is too old to check out. Sync first.',
  unanswered: 'No answer yet. As soon as there is one, it is shown here.',
  notReached: 'The server could not be reached. Nothing was checked out.',
  notCheckedIn: 'The server could not be reached. The customer is still checked out.',
  checkedOutShort: (who: string, until: string): string => `Checked out by ${who} until ${until}`,
  you: 'you',
  /** As the gateway keeps the name of another user back. */
  somebody: 'somebody',
  refusedCheckOut: (who: string, until: string): string =>
    `${who} has it checked out until ${until}. Nothing was checked out.`,
  holdHere: (until: string): string => `You have it until ${until}.`,
  holdHereHint:
    'Changes by anybody else are refused until then. Later nothing is lost: your changes are compared with what stands on the server, as always.',
  holdElsewhere: (until: string): string => `You have it until ${until}, but on another device.`,
  holdElsewhereHint: 'Changes from this device are refused until then. Check it in there first.',
  heldBy: (who: string, until: string): string => `${who} has it until ${until}.`,
  heldByHint:
    'You can edit it, but a change that reaches the server before then is refused. It is kept in your outbox, so that you can send it again.',
  checkIn: 'Check in',
}

const hours = (count: number): string => (count === 1 ? '1 hour' : `${count} hours`)
