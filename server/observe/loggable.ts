/** The one place that decides what of an error may stand in a log. */
import { StoreError } from '../store/store.ts'

export interface LoggableError {
  readonly name: string
  readonly code?: string | number
  /** Of an HTTP answer from the outside. */
  readonly status?: number
  /** Only of our own errors whose text holds no values. */
  readonly message?: string
  /** Where it came from, one frame an entry; never the text in front of the frames. */
  readonly stack?: readonly string[]
  readonly cause?: LoggableError
}

const MOST_FRAMES = 20
const MOST_CAUSES = 4
const WORD = /^[\w.:-]{1,64}$/

/**
 * Class, code, status, frames and causes of whatever was thrown. The texts of databases, suppliers, mail servers and parsers
 * repeat the values they were given (a unique key, an address, the JSON that was no JSON), so no text is passed on but that
 * of StoreError, which names a file and what to do.
 */
export function loggable(error: unknown, depth = 0): LoggableError {
  if (!(error instanceof Error)) return isLoggable(error) ? error : { name: `thrown ${typeof error}` }
  const code = 'code' in error ? error.code : undefined
  const status = 'status' in error ? error.status : undefined
  const stack = framesOf(error)
  const safe: LoggableError = {
    name: WORD.test(error.name) ? error.name : 'Error',
    ...((typeof code === 'string' && WORD.test(code)) || typeof code === 'number' ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
    ...(error instanceof StoreError ? { message: error.message } : {}),
    ...(stack.length === 0 ? {} : { stack }),
    ...(error.cause instanceof Error && depth < MOST_CAUSES ? { cause: loggable(error.cause, depth + 1) } : {}),
  }
  passed.add(safe)
  return safe
}

/** What has passed once passes again: the library and the application's logger may both call it. */
const passed = new WeakSet<object>()

const isLoggable = (value: unknown): value is LoggableError =>
  typeof value === 'object' && value !== null && passed.has(value)

/**
 * A text may run over several lines and look like frames itself, so frames count only behind the whole of it; a text that
 * isn't in the stack as it is now was changed later, and then nothing tells it from the frames.
 */
function framesOf({ message, stack }: Error): string[] {
  if (typeof stack !== 'string') return []
  const start = stack.indexOf(message)
  if (start < 0) return []
  return stack
    .slice(start + message.length)
    .split('\n')
    .filter(line => /^ {4}at /.test(line))
    .slice(0, MOST_FRAMES)
    .map(line => line.trim())
}
