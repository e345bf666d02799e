import { loggable } from './observe/loggable.ts'

/** Where the gateway says what only its operators should read. The shape of pino: fields first. Never variables, tokens or personal data. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Hands on to `log`, with every error among the fields made loggable first, so that no logger ever holds its text. */
export function carefulLog(log: Log): Log {
  const careful = (fields: object): object =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? loggable(value) : value]),
    )
  return {
    info: (fields, message) => log.info(careful(fields), message),
    warn: (fields, message) => log.warn(careful(fields), message),
    error: (fields, message) => log.error(careful(fields), message),
  }
}
