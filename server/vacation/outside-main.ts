/** `npm run outside`: supplier sandbox and mailbox as a process of their own, for several gateways (`OUTSIDE_URL`). */
import { systemClock } from 'layover/protocol'
import { readOutsideConfig } from './config.ts'
import { sayError } from './process-errors.ts'
import { startStandIns } from './stand-ins.ts'

try {
  const { port, host, directory } = readOutsideConfig(process.env)
  const { sandbox, mailbox, close } = await startStandIns({ directory, host, port, clock: systemClock })
  process.stdout.write(
    `The outside is at ${sandbox.url}/\n  suppliers    ${sandbox.url}/{hotel,flight,car}, faults at /control\n  mailbox      ${mailbox.url}\n`,
  )
  const end = (): void => void close().then(() => process.exit(0))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
} catch (error) {
  sayError(error)
  process.exit(1)
}
