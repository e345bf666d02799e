/** `npm start`. The only place that reads the environment and names the store. */
import { join } from 'node:path'
import { StoreError } from 'layover/server'
import { sqlite } from 'layover/server/sqlite'
import { type Config, ConfigInvalid, readConfig } from './config.ts'
import { type Served, serve } from './serve.ts'

const database = (config: Config): string => join(config.dataDirectory, 'layover.db')

function announce({ url, standIns }: Served, config: Config): void {
  const lines = [
    `Layover is at ${url}/`,
    `  playground   ${config.playground ? `${url}/playground/` : 'off'}`,
    `  GraphQL      ${url}/graphql (HTTP and WebSocket)${config.introspection ? ', schema at /schema.graphql' : ''}`,
    `  data         ${database(config)}`,
    `  sign-in      ${config.key === undefined ? 'demo mode: pick a user, this machine only (AUTH_SECRET for real tokens)' : 'by token'}`,
    ...standIns.map(standIn => `  stand-in     ${standIn}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

const isListenError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')

/** What the person who starts it can mend is said in one line, without a stack. */
function explain(error: unknown): string {
  const expected = error instanceof ConfigInvalid || error instanceof StoreError || isListenError(error)
  return error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error)
}

try {
  const config = readConfig(process.env)
  const served = await serve(config, sqlite(database(config)))
  announce(served, config)
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      served.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${explain(error)}\n`)
          process.exit(1)
        },
      )
    })
  }
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
}
