/** Settings from the environment, checked at once: a wrong one stops the start and says which, and how to mend it. */
import { z } from 'zod'

const onOff = z.enum(['on', 'off']).transform(value => value === 'on')
const count = (least: number, most: number): z.ZodCoercedNumber => z.coerce.number().int().min(least).max(most)
const httpUrl = z.url({ protocol: /^https?$/ })

/** `burst/per second`. */
const rate = z
  .string()
  .regex(/^[1-9]\d{0,8}\/(?:[1-9]\d{0,8}|0\.\d{0,3}[1-9])$/, {
    error: 'must be burst/per second, two numbers above 0 such as 250/20',
  })
  .transform(text => {
    const [burst = 0, perSecond = 0] = text.split('/').map(Number)
    return { burst, perSecond }
  })

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

const origins = z
  .string()
  .transform(text => text.split(',').map(each => each.trim()))
  .refine(all => all.every(isOrigin), {
    error:
      'must be origins separated by commas, each such as https://app.example, without a path or a slash at the end',
  })

/** Neither URL of the database nor of the bus is repeated in a message: both may hold a password. */
const isDatabase = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, pathname } = new URL(text)
  return /^postgres(ql)?:$/.test(protocol) && pathname.length > 1
}
const databaseUrl = z.string().refine(isDatabase, {
  error: 'must be postgres://user:password@host:port/database, with the name of a database',
})

const isNats = (text: string): boolean =>
  URL.canParse(text) && /^(nats|tls):$/.test(new URL(text).protocol) && new URL(text).hostname !== ''
const natsUrls = z
  .string()
  .transform(text => text.split(',').map(each => each.trim()))
  .refine(all => all.every(isNats), {
    error: 'must be nats://host:port or tls://host:port, several of one cluster separated by commas',
  })

/** A path would lead to something else than the suppliers. */
const rootUrl = httpUrl.refine(text => new URL(text).pathname === '/' && new URL(text).search === '', {
  error: 'must be http://host:port without a path',
})

const SHORTEST_SECRET = 32
/** Where other gateways go on, a balancer gets this long to notice; where there are none, serving on only lengthens the stop. */
const DRAIN_SECONDS = { several: 20, single: 0 }

const shape = z.object({
  NODE_ENV: z.string().default('development'),
  PORT: count(0, 65_535).default(4000),
  DATA_DIR: z.string().min(1).default('.layover'),
  AUTH_SECRET: z.string().optional(),
  AUTH_JWKS_URL: httpUrl.optional(),
  HOTEL_SUPPLIER_URL: httpUrl.optional(),
  FLIGHT_SUPPLIER_URL: httpUrl.optional(),
  CAR_SUPPLIER_URL: httpUrl.optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  TASK_WAIT_MS: count(0, 600_000).default(2000),
  OFFERS_REFRESH_SECONDS: count(1, 86_400).default(60),
  SYNC_HORIZON_DAYS: count(1, 36_500).default(30),
  TASK_RETENTION_DAYS: count(1, 36_500).default(400),
  RATE_LIMIT: rate.prefault('250/20'),
  TASK_RATE_LIMIT: rate.prefault('2000/200'),
  ALLOWED_ORIGINS: origins.default([]),
  INTROSPECTION: onOff.optional(),
  PLAYGROUND: onOff.optional(),
  METRICS_TOKEN: z.string().min(16).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional(),
  DATABASE_URL: databaseUrl.optional(),
  NATS_URL: natsUrls.optional(),
  OUTSIDE_URL: rootUrl.optional(),
  DRAIN_SECONDS: count(0, 600).optional(),
})

const outsideShape = z.object({
  // The mailbox takes the next port.
  OUTSIDE_PORT: count(1, 65_534).default(4100),
  OUTSIDE_HOST: z.string().min(1).default('127.0.0.1'),
  DATA_DIR: shape.shape.DATA_DIR,
})

/** Names of all settings, of the gateway and of `npm run outside`. */
export const SETTINGS: readonly string[] = [
  ...new Set([...Object.keys(shape.shape), ...Object.keys(outsideShape.shape)]),
]

interface Rate {
  readonly burst: number
  readonly perSecond: number
}

export interface Config {
  readonly port: number
  /** SQLite's file, if there is no `databaseUrl`, and what the stand-ins keep. */
  readonly dataDirectory: string
  /** How tokens are checked; undefined is demo mode. */
  readonly key: { readonly secret: string } | { readonly jwksUrl: string } | undefined
  readonly supplierUrls: {
    readonly hotel: string | undefined
    readonly flight: string | undefined
    readonly car: string | undefined
  }
  readonly smtpUrl: string | undefined
  /** `npm run outside`, for whatever of suppliers and mail has no address of its own. */
  readonly outsideUrl: string | undefined
  /** Postgres, and any number of gateways on it; undefined: SQLite, and this one. */
  readonly databaseUrl: string | undefined
  /** Servers of the bus between gateways; undefined: the database is the bus. */
  readonly natsUrls: readonly string[] | undefined
  /** How long it goes on serving after SIGTERM, at most. */
  readonly drainMs: number
  readonly taskWaitMs: number
  readonly offersRefreshMs: number
  readonly syncHorizonDays: number
  readonly taskRetentionDays: number
  /** Of one user. */
  readonly rateLimit: { readonly requests: Rate; readonly tasks: Rate }
  /** Origins of other sites whose pages may ask. */
  readonly allowedOrigins: readonly string[]
  readonly introspection: boolean
  readonly playground: boolean
  readonly logLevel: string
  /** What a scraper shows to read /metrics; undefined: open in demo mode, else closed. */
  readonly metricsToken: string | undefined
}

/** `code` CONFIG_INVALID; the text has one line per wrong setting. */
export class ConfigInvalid extends Error {
  readonly code = 'CONFIG_INVALID'
}

type Environment = Readonly<Record<string, string | undefined>>

function read<Shape extends z.ZodType>(shape: Shape, environment: Environment): z.output<Shape> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = shape.safeParse(given)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`)
  throw new ConfigInvalid(`These settings can't be used:\n${lines.join('\n')}`)
}

export interface OutsideConfig {
  readonly port: number
  readonly host: string
  readonly directory: string
}

/** Of `npm run outside`. Unset and empty are the same. Throws ConfigInvalid. */
export function readOutsideConfig(environment: Environment): OutsideConfig {
  const { OUTSIDE_PORT, OUTSIDE_HOST, DATA_DIR } = read(outsideShape, environment)
  return { port: OUTSIDE_PORT, host: OUTSIDE_HOST, directory: DATA_DIR }
}

/** Unset and empty are the same. Throws ConfigInvalid. */
export function readConfig(environment: Environment): Config {
  const settings = read(shape, environment)
  if (settings.NATS_URL !== undefined && settings.DATABASE_URL === undefined) {
    throw new ConfigInvalid(
      'NATS_URL: is for several gateways on one database. Set DATABASE_URL as well, or leave NATS_URL unset: a gateway on SQLite is alone.',
    )
  }
  const production = settings.NODE_ENV === 'production'
  const key =
    settings.AUTH_SECRET !== undefined
      ? { secret: settings.AUTH_SECRET }
      : settings.AUTH_JWKS_URL !== undefined
        ? { jwksUrl: settings.AUTH_JWKS_URL }
        : undefined
  if (production && settings.AUTH_SECRET !== undefined && settings.AUTH_SECRET.length < SHORTEST_SECRET) {
    throw new ConfigInvalid(
      `AUTH_SECRET: in production a key for HS256 needs at least ${SHORTEST_SECRET} characters (RFC 7518, section 3.2). openssl rand -hex 32 makes one.`,
    )
  }
  if (key === undefined && production) {
    throw new ConfigInvalid(
      'With NODE_ENV=production somebody must say who signs the tokens: set AUTH_SECRET (HS256) or AUTH_JWKS_URL. Without them the gateway runs in demo mode, where everybody may sign in as anybody.',
    )
  }
  return {
    port: settings.PORT,
    dataDirectory: settings.DATA_DIR,
    key,
    supplierUrls: {
      hotel: settings.HOTEL_SUPPLIER_URL,
      flight: settings.FLIGHT_SUPPLIER_URL,
      car: settings.CAR_SUPPLIER_URL,
    },
    smtpUrl: settings.SMTP_URL,
    outsideUrl: settings.OUTSIDE_URL?.replace(/\/$/, ''),
    databaseUrl: settings.DATABASE_URL,
    natsUrls: settings.NATS_URL,
    drainMs:
      1000 *
      (settings.DRAIN_SECONDS ?? (settings.DATABASE_URL === undefined ? DRAIN_SECONDS.single : DRAIN_SECONDS.several)),
    taskWaitMs: settings.TASK_WAIT_MS,
    offersRefreshMs: settings.OFFERS_REFRESH_SECONDS * 1000,
    syncHorizonDays: settings.SYNC_HORIZON_DAYS,
    taskRetentionDays: settings.TASK_RETENTION_DAYS,
    rateLimit: { requests: settings.RATE_LIMIT, tasks: settings.TASK_RATE_LIMIT },
    allowedOrigins: settings.ALLOWED_ORIGINS,
    introspection: settings.INTROSPECTION ?? !production,
    playground: settings.PLAYGROUND ?? !production,
    metricsToken: settings.METRICS_TOKEN,
    // A demo's terminal is for people.
    logLevel: settings.LOG_LEVEL ?? (key === undefined ? 'warn' : 'info'),
  }
}
