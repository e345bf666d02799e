/** `layover migrate`: a store goes from one machine to many. */
import type { Clock } from '../../protocol/index.ts'
import { table } from './print.ts'
import { needing, placeOf } from './stores.ts'
import { type Command, NotPossible } from './words.ts'

const REPORT_EVERY_MS = 2000

/** Says how far it is on `say`, a line every two seconds. Throws StoreError. */
export async function migrate(
  { from, to, newEpoch }: Command & { kind: 'migrate' },
  clock: Pick<Clock, 'now'>,
  say: (line: string) => void,
): Promise<string> {
  const { moveToPostgres } = await needing('better-sqlite3 pg', () => import('../store/move.ts'))
  const started = clock.now()
  let reported = started
  say(`Moving ${from} to ${placeOf(to)}.\n`)
  const { tables, lastTaskNumber } = await moveToPostgres({
    from,
    to,
    newEpoch,
    now: started,
    onProgress({ table: name, rows, of }) {
      if (clock.now() - reported < REPORT_EVERY_MS) return
      reported = clock.now()
      say(`${name}: ${rows} of ${of} rows\n`)
    },
    onCompare: name => say(`${name}: comparing\n`),
  })
  const seconds = (clock.now() - started) / 1000
  const rows = tables.reduce((sum, { there }) => sum + there.rows, 0)
  return [
    ...table(
      ['TABLE', 'ROWS', 'ROWS THERE', 'HASH', 'HASH THERE'],
      tables.map(({ table: name, here, there }) => [
        name,
        String(here.rows),
        String(there.rows),
        here.hash.slice(0, 16),
        there.hash.slice(0, 16),
      ]),
    ),
    '',
    `${rows} rows moved and compared in ${seconds.toFixed(1)} s. Tasks are numbered on from ${lastTaskNumber + 1}.`,
    `Start the gateways with DATABASE_URL. ${newEpoch ? 'Every device starts anew with its next pull' : 'Devices go on where they are'}; outboxes are kept.`,
    `${from} stays as it is, and no gateway opens it any more. "layover migrate undo --from ${from}" takes that back.`,
    '',
  ].join('\n')
}

/** Throws StoreError, and NotPossible when it was not moved. */
export async function takeBack({ from }: Command & { kind: 'take back' }): Promise<string> {
  const { takeMoveBack } = await needing('better-sqlite3', () => import('../store/sqlite-source.ts'))
  if (!takeMoveBack(from)) throw new NotPossible(`${from} was not moved, so there is nothing to take back.`)
  return [
    `Gateways may open ${from} again, as it was when it was moved: what gateways on Postgres have taken since is not in it.`,
    'Every device starts anew with its next pull; outboxes are kept.',
    'Stop the gateways on Postgres, and drop its schemas layover and dbos before you move again.',
    '',
  ].join('\n')
}
