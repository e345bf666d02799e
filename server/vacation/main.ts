/** `npm start`. The only place beside outside-main.ts that reads the environment. */
import { systemClock } from 'layover/protocol'
import { backendOf, placeOf } from './backend.ts'
import { type Config, readConfig } from './config.ts'
import { sayError } from './process-errors.ts'
import { type Served, serve } from './serve.ts'
import { endOnSignals } from './shutdown.ts'

function announce({ url, standIns }: Served, config: Config): void {
  const lines = [
    `Layover is at ${url}/`,
    `  playground   ${config.playground ? `${url}/playground/` : 'off'}`,
    `  GraphQL      ${url}/graphql (HTTP and WebSocket)${config.introspection ? ', schema at /schema.graphql' : ''}`,
    `  data         ${placeOf(config)}`,
    `  sign-in      ${config.key === undefined ? 'demo mode: pick a user, this machine only (AUTH_SECRET for real tokens)' : 'by token'}`,
    ...standIns.map(standIn => `  stand-in     ${standIn}`),
  ]
  if (config.databaseUrl !== undefined && config.outsideUrl === undefined && standIns.length > 0) {
    lines.push('               of this process alone: several gateways share one by OUTSIDE_URL')
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}

const signals = endOnSignals(systemClock)
try {
  const config = readConfig(process.env)
  const served = await serve(config, backendOf(config))
  announce(served, config)
  signals.serving(served, config.drainMs)
} catch (error) {
  sayError(error)
  process.exit(1)
}
