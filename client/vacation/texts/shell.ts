const changes = (count: number): string => (count === 1 ? '1 change' : `${count} changes`)

export const shellTexts = {
  product: 'Layover',
  skip: 'Skip to the content',
  views: 'Views',
  vacations: 'Vacations',
  customers: 'Customers',
  offers: 'Offers',
  book: 'Book',
  review: 'Review',
  device: 'This device',
  opening: 'Opening…',
  loading: 'Loading…',
  openFailed: 'What is saved on this device could not be opened',
  tryAgain: 'Try again',
  notFound: 'There is nothing at this address.',
  toVacations: 'To the vacations',
  pageTitle: (waiting: number, screen: string): string =>
    `${waiting > 0 ? `(${waiting}) ` : ''}${screen === '' ? '' : `${screen} – `}Layover`,
  waitingHere: (count: number): string => `${count} waiting`,

  chip: {
    saved: 'All changes saved',
    sending: (at: number, of: number): string => `Sending ${at} of ${of}`,
    waiting: (count: number): string => `${count} waiting`,
    offline: 'Offline',
    unreachable: "Can't reach server",
    retryingIn: (seconds: number): string => (seconds > 0 ? `retrying in ${seconds} s` : 'retrying'),
    paused: 'Paused by you',
    signIn: 'Sign in again',
    review: (count: number): string => (count === 1 ? '1 needs review' : `${count} need review`),
    failed: (count: number): string => `${count} failed`,
    parked: (count: number): string => `${count} paused`,
    open: 'Open the outbox',
    openSignIn: 'Open the sign-in',
  },

  synced: (relative: string): string => `Synced ${relative}`,
  syncedNow: 'Synced just now',
  neverSynced: 'Never synced',
  connection: 'Connection',
  workOffline: 'Work offline',
  workOfflineHint: 'Nothing leaves this device and nothing is fetched until you switch it off.',
  workingOffline: 'You are working offline. Your changes wait on this device.',
  goOnline: 'Go online',
  metered: 'Metered connection',
  meteredHint: 'Changes leave together every few minutes, and news is fetched less often.',
  syncNow: 'Sync now',
  pausedByYou: 'Sending is paused by you. Your changes wait on this device.',
  resume: 'Resume sending',
  signInNeeded: (count: number): string =>
    count === 0
      ? 'The server wants you to sign in again.'
      : `The server wants you to sign in again. ${changes(count)} wait safely on this device.`,
  signInAgain: 'Sign in again',
  tryNow: 'Try now',

  progress: (done: number, of: number): string => `${done} of ${of} sent`,
  progressName: 'Sending changes',
  stopSending: 'Stop sending',

  announce: {
    online: 'Online.',
    offline: 'Offline. Changes are saved on this device.',
    unreachable: "The server can't be reached. Changes are saved on this device.",
    paused: 'Sending is paused.',
    signIn: 'Sign in again to go on sending.',
    saved: 'All changes saved.',
    review: (count: number): string => (count === 1 ? 'A change needs review.' : `${count} changes need review.`),
  },

  firstRun: {
    title: 'Getting ready to work offline',
    explanation:
      'Your customers, vacations and offers are being fetched to this device. From then on it works without a network.',
    customers: (count: number): string => (count === 1 ? '1 customer' : `${count} customers`),
    vacations: (count: number): string => (count === 1 ? '1 vacation' : `${count} vacations`),
    offers: (count: number): string => (count === 1 ? '1 offer' : `${count} offers`),
    offline: 'There is no connection, and nothing has been fetched yet. It begins by itself when there is one.',
    byChoice: 'You are working offline, and nothing has been fetched yet. Go online once to fetch it.',
  },

  account: 'Account',
  signedInAs: (label: string): string => `Signed in as ${label}`,
  colours: 'Colours',
  chosen: 'chosen',
  colourSchemes: { auto: 'As the system', light: 'Light', dark: 'Dark' },
  playground: 'Playground (GraphQL)',
  faults: 'Try the promises',
  shortcuts: 'Keyboard shortcuts',
  signOut: 'Sign out',
  shortcutsOn: 'Use these keys',
  shortcutsHint: 'Off: single keys do nothing. Kept on this device.',
  shortcutList: [
    ['g v', 'Vacations'],
    ['g c', 'Customers'],
    ['g o', 'Offers'],
    ['g d', 'This device'],
    ['b', 'Book a vacation'],
    ['o', 'Outbox'],
    ['?', 'This list'],
  ] as readonly (readonly [keys: string, does: string])[],

  anotherUser: 'Sign in as somebody else',
  remedies: {
    storage:
      'This browser does not let the page store anything: perhaps cookies and site data are blocked, the window is private, or the disk is full. Allow site data for this address, then try again.',
    key: 'What is stored here was encrypted with another key.',
    insecure:
      'This address is not secure (https), so the browser keeps storage and offline work from the page. Open it by https, or on this machine as localhost.',
  },
  version: {
    ready: 'Update ready.',
    taken: 'Another tab runs a newer version.',
    reload: 'Reload now',
    afterSending: 'Update ready. It is loaded after sending.',
  },
  install: {
    action: 'Install app',
    byHand: 'To install: Share, then “Add to Home Screen”.',
  },
  boundary: {
    title: 'Something went wrong on this screen',
    safe: 'Your changes are safe in the outbox.',
    reload: 'Reload',
  },

  problems: {
    OFFLINE: 'Nothing can be sent while you work offline.',
    UNREACHABLE: "The server can't be reached. Everything is still on this device.",
    PAUSED: 'Sending is paused. Resume it first.',
    PENDING_TASKS: 'Some changes could not be sent: the outbox says why. Nothing was removed.',
    UNAUTHENTICATED: 'The server wants you to sign in again. Everything is still on this device.',
    OUTBOX_FULL: 'So much waits on this device that nothing more can be queued. Send or discard something first.',
    STORAGE_FAILED: 'This device could not store it. Nothing was queued.',
  },
}
