/**
 * Postgres keeps no NUL and no half of a surrogate pair in a text, and JavaScript strings may hold both. In columns that are
 * compared they are escaped reversibly; JSON documents hold them as `\u....` escapes, which only the database's own reading of
 * a document stumbles over, so that gets a copy with replacement characters.
 */
const LEAD = '\uE000'
const UNSTORABLE = /[\0\uE000]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const ESCAPED = /\uE000([0-9a-f]{4})/g
const UNREADABLE_ESCAPE = /\\u0000|\\ud[89a-f][0-9a-f]{2}/

export function toText(text: string): string {
  return text.replace(UNSTORABLE, unit => LEAD + unit.charCodeAt(0).toString(16).padStart(4, '0'))
}

export const toTextOrNull = (text: string | null): string | null => (text === null ? null : toText(text))

export function fromText(text: string): string {
  return text.includes(LEAD)
    ? text.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : text
}

export const fromTextOrNull = (text: string | null): string | null => (text === null ? null : fromText(text))

/** Every half pair and NUL in it replaced: what the database can look into. */
export function readable<Value>(value: Value): Value {
  if (typeof value === 'string') return value.replace(UNSTORABLE, unit => (unit === LEAD ? unit : '\uFFFD')) as Value
  if (Array.isArray(value)) return value.map(readable) as Value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [readable(name), readable(each)])) as Value
}

/** The readable copy of a JSON text, or null where the text itself is readable. */
export const readableCopy = (json: string): string | null =>
  UNREADABLE_ESCAPE.test(json) ? JSON.stringify(readable(JSON.parse(json))) : null
