/** What the gateway stands on. The only place beside main.ts that names a store. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayOptions } from 'layover/server'
import { natsBus } from 'layover/server/nats'
import { dbosEngine, postgres, postgresBus } from 'layover/server/postgres'
import { sqlite } from 'layover/server/sqlite'
import type { Config } from './config.ts'

/** Handed to `createGateway` as it is. */
export type Backend = Pick<GatewayOptions, 'store' | 'engine' | 'bus'>

/** SQLite in the data folder, or what several gateways share. */
export function backendOf(config: Config): Backend {
  const { databaseUrl, natsUrls } = config
  if (databaseUrl === undefined) {
    mkdirSync(config.dataDirectory, { recursive: true })
    return { store: sqlite(sqliteFile(config)) }
  }
  return {
    store: postgres(databaseUrl),
    engine: dbosEngine({ url: databaseUrl }),
    bus: natsUrls === undefined ? postgresBus(databaseUrl) : natsBus(natsUrls),
  }
}

/** Where the data is, for people: never with a user or a password. */
export function placeOf(config: Config): string {
  if (config.databaseUrl === undefined) return sqliteFile(config)
  const { host, pathname, searchParams } = new URL(config.databaseUrl)
  return `${decodeURIComponent(pathname.slice(1))} on ${host || searchParams.get('host') || 'localhost'}`
}

const sqliteFile = ({ dataDirectory }: Config): string => join(dataDirectory, 'layover.db')
