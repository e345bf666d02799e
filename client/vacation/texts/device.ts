const KILO = 1024

/** 2_500_000 as "2.4 MB". */
function bytes(count: number): string {
  if (count < KILO) return `${count} bytes`
  if (count < KILO * KILO) return `${(count / KILO).toFixed(1)} kB`
  return `${(count / KILO / KILO).toFixed(1)} MB`
}

export const deviceTexts = {
  title: 'This device',
  storage: 'Storage',
  used: (used: number, quota: number): string => `${bytes(used)} used of ${bytes(quota)} that the browser allows`,
  unknownUse: 'The browser does not say how much is used.',
  persisted: 'The browser keeps it until you remove it.',
  notPersisted: 'The browser may remove it when space is short.',
  persist: 'Ask the browser to keep it',
  refused: 'The browser did not agree. Installing the app often helps.',
  records: 'Records',
  kinds: {
    Customer: 'Customers',
    Vacation: 'Vacations',
    HotelOffer: 'Hotel offers',
    FlightOffer: 'Flight offers',
    CarOffer: 'Car offers',
  },
  count: 'Count',
  fetchedAt: 'Fetched',
  never: 'never',
  age: 'State',
  ages: { never: 'never fetched', fresh: 'fresh', stale: 'old', 'hard-stale': 'too old to rely on' },
  outbox: 'Outbox',
  outboxSize: (count: number, size: number): string => `${count} ${count === 1 ? 'change' : 'changes'}, ${bytes(size)}`,
  export: 'Export outbox',
  import: 'Import outbox',
  imported: 'Taken in.',
  badFile: 'This file is not an exported outbox. Nothing was taken in.',
  fetchAgain: 'Fetch again',
  purge: 'Remove what was fetched',
  purgeQuestion: 'Remove what was fetched from this device?',
  purgeHint: 'It is fetched again when there is a connection. The outbox stays.',
  purgeBlocked:
    'Changes wait in the outbox. Removing what was fetched now leaves you without what they are about. Send them first.',
  purgeAnyway: 'Remove it all the same',
  diagnostics: 'Diagnostics',
  copy: 'Copy report',
  copied: 'Copied',
  rows: {
    connection: 'Connection',
    waiting: 'Waiting',
    oldest: 'Oldest change',
    states: 'By state',
    lastSync: 'Last sync',
    user: 'User',
    agency: 'Agency',
    version: 'Version',
    worker: 'Works without a network',
    secure: 'Secure page',
    tabs: 'Several tabs',
    lastErrors: 'Last errors',
  },
  connectionText: (mode: string, state: string): string => `${state}, mode ${mode}`,
  none: 'none',
  yes: 'yes',
  no: 'no',
  notYet: 'not yet',
}
