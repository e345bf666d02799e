import type { FastifyReply, FastifyRequest } from 'fastify'
import { loggable } from 'layover/server'
import { type DestinationStream, type Logger, pino } from 'pino'

/**
 * JSON lines, on standard output if nothing else is handed in. Whoever logs here, Fastify too, errors leave without their text and requests without their
 * address, header fields and body.
 */
export function logger(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  return pino(
    {
      level,
      serializers: { error: loggable, err: loggable, req: requestOf, res: replyOf },
      hooks: {
        logMethod(values, method) {
          const [fields, text] = withoutErrorText(values)
          method.apply(this, [fields, text])
        },
      },
    },
    destination,
  )
}

const requestOf = ({ method, routeOptions }: FastifyRequest): object => ({ method, route: routeOptions?.url })
const replyOf = ({ statusCode }: FastifyReply): object => ({ status: statusCode })

/** Fastify repeats an error's text as the line's own message, and pino does so where the line has none. */
function withoutErrorText(values: readonly unknown[]): [object, string] {
  const [first, second] = values
  // Only Fastify writes bare sentences; what it quotes in them is the address of a request.
  if (typeof first === 'string') return [{}, first.replaceAll(/"[^"]*"/g, '"…"')]
  if (first instanceof Error) return [{ err: first }, 'an error']
  const fields = typeof first === 'object' && first !== null ? first : {}
  const errors = Object.values(fields).filter(value => value instanceof Error)
  const message = typeof second === 'string' && errors.every(error => error.message !== second) ? second : undefined
  return [fields, message ?? (errors.length > 0 ? 'an error' : '')]
}
