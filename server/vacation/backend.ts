/** What the gateway stands on. The only place beside main.ts that names a store. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayOptions } from 'layover/server'
import { sqlite } from 'layover/server/sqlite'
import { type Config, ConfigInvalid } from './config.ts'

/** Handed to `createGateway` as it is. */
export type Backend = Pick<GatewayOptions, 'store'>

/** Throws ConfigInvalid. */
export function backendOf(config: Config): Backend {
  if (config.databaseUrl !== undefined) {
    throw new ConfigInvalid(
      'DATABASE_URL: a Postgres store is not served yet. Unset it, and SQLite in DATA_DIR is used.',
    )
  }
  mkdirSync(config.dataDirectory, { recursive: true })
  return { store: sqlite(sqliteFile(config)) }
}

/** Where the data is, for people: never with a user or a password. */
export function placeOf(config: Config): string {
  if (config.databaseUrl === undefined) return sqliteFile(config)
  const { host, pathname, searchParams } = new URL(config.databaseUrl)
  return `${decodeURIComponent(pathname.slice(1))} on ${host || searchParams.get('host') || 'localhost'}`
}

const sqliteFile = ({ dataDirectory }: Config): string => join(dataDirectory, 'layover.db')
