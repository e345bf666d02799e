/**
 * Cursors are opaque, signed, and bound to the viewer and what was asked for. One that is broken, foreign, too old or of
 * another history is no error: it answers `undefined`, and the reader starts anew (`reset`).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface Position {
  readonly epoch: string
  /** Who may use it, and for what: see `bindingOf`. */
  readonly binding: string
  /** Number of the last change seen, by partition. */
  readonly seen: Readonly<Record<string, number>>
  /**
   * Of a first pull that is not through: the highest number there was when it began, by partition. A row that changed last at
   * or below it was never received, so there is nothing to remove.
   */
  readonly start?: Readonly<Record<string, number>>
  /** Milliseconds since the epoch; of a pull of several pages when it began. */
  readonly issuedAt: number
}

export const bindingOf = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)

export function writeCursor(position: Position, secret: string): string {
  const body = Buffer.from(JSON.stringify(position)).toString('base64url')
  return `${body}.${signature(body, secret)}`
}

export function readCursor(cursor: string, secret: string): Position | undefined {
  const [body, signed, more] = cursor.split('.')
  if (body === undefined || signed === undefined || more !== undefined) return undefined
  const expected = Buffer.from(signature(body, secret))
  const given = Buffer.from(signed)
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Position
}

const signature = (body: string, secret: string): string =>
  createHmac('sha256', `cursor:${secret}`).update(body).digest('base64url')
