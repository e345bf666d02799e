/** The store that the command was told of: a SQLite file, or a Postgres database by its address. */
import type { Operator, Said } from '../store/operator.ts'
import { type OperatorWord, StoreError } from '../store/store.ts'
import { isAddress, NotPossible } from './words.ts'

/** What may be shown of it: an address without user and password. */
export function placeOf(store: string): string {
  if (!isAddress(store)) return store
  const { host, pathname } = new URL(store)
  return `postgres at ${host}${pathname}`
}

/** To be closed. Throws StoreError. */
export async function operate(store: string): Promise<Operator> {
  if (isAddress(store)) {
    const { operatePostgres } = await needing('pg', () => import('../store/postgres-operator.ts'))
    return operatePostgres(store)
  }
  const { operateSqlite } = await needing('better-sqlite3', () => import('../store/sqlite-operator.ts'))
  return operateSqlite(store)
}

/** Throws StoreError. `now` in milliseconds since the epoch. */
export async function signalStore(store: string, task: string, word: OperatorWord, now: number): Promise<Said> {
  if (isAddress(store)) {
    const { signalPostgres } = await needing('pg', () => import('../store/postgres-operator.ts'))
    return signalPostgres(store, task, word, now)
  }
  const { signalSqlite } = await needing('better-sqlite3', () => import('../store/sqlite-operator.ts'))
  return signalSqlite(store, task, word, now)
}

/** Throws StoreError, and NotPossible for Postgres, which has a better way. */
export async function backupTo(store: string, target: string): Promise<void> {
  if (isAddress(store)) {
    throw new NotPossible(
      `${placeOf(store)} is backed up by PostgreSQL's own means, while gateways run: pg_dump --format=custom --schema=layover --file=${target} "$DATABASE_URL". pg_restore brings it back into an empty database; it opens there as another history, and every device starts anew.`,
    )
  }
  const { backupStore } = await needing('better-sqlite3', () => import('../store/sqlite-operator.ts'))
  await backupStore(store, target)
}

/** Databases are optional peers, asked for only by what needs them. `peers`: one, or two with a space between. */
export async function needing<Module>(peers: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `The command needs ${peers.replace(' ', ' and ')} beside it: npm install ${peers}.`,
      {
        cause: error,
      },
    )
  }
}
