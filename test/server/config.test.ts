/** Settings: a wrong one stops the start and says which, and how to mend it. */
import { expect, it } from 'vitest'
import { placeOf } from '../../server/vacation/backend.ts'
import { readConfig, readOutsideConfig } from '../../server/vacation/config.ts'

const production = { NODE_ENV: 'production' }

it('needs nothing, and is then a demo on SQLite', () => {
  expect(readConfig({})).toMatchObject({
    port: 4000,
    dataDirectory: '.layover',
    key: undefined,
    taskWaitMs: 2000,
    playground: true,
  })
})

it('takes empty for unset', () => {
  expect(readConfig({ PORT: '', AUTH_SECRET: '', SMTP_URL: '' })).toEqual(readConfig({}))
})

it('in production somebody must say who signs the tokens, with a key that cannot be guessed', () => {
  expect(() => readConfig(production)).toThrow(/AUTH_SECRET.*or AUTH_JWKS_URL/)
  expect(() => readConfig({ ...production, AUTH_SECRET: 'short' })).toThrow(/AUTH_SECRET.*at least 32 characters/)
  expect(readConfig({ ...production, AUTH_SECRET: 'x'.repeat(32) })).toMatchObject({
    introspection: false,
    playground: false,
  })
  expect(readConfig({ ...production, AUTH_JWKS_URL: 'https://id.example/jwks', PLAYGROUND: 'on' })).toMatchObject({
    key: { jwksUrl: 'https://id.example/jwks' },
    playground: true,
  })
})

it('reads rates and origins', () => {
  expect(readConfig({})).toMatchObject({
    rateLimit: { requests: { burst: 250, perSecond: 20 }, tasks: { burst: 2000, perSecond: 200 } },
    allowedOrigins: [],
  })
  expect(
    readConfig({ RATE_LIMIT: '5/0.5', ALLOWED_ORIGINS: 'https://app.example, http://localhost:3000' }),
  ).toMatchObject({
    rateLimit: { requests: { burst: 5, perSecond: 0.5 } },
    allowedOrigins: ['https://app.example', 'http://localhost:3000'],
  })
})

it('reads where several gateways meet, and then drains unless it is told otherwise', () => {
  expect(readConfig({})).toMatchObject({ databaseUrl: undefined, natsUrls: undefined, drainMs: 0 })
  const several = { DATABASE_URL: 'postgresql://layover@db/layover?sslmode=verify-full' }
  expect(readConfig(several)).toMatchObject({ databaseUrl: several.DATABASE_URL, drainMs: 20_000 })
  expect(readConfig({ ...several, DRAIN_SECONDS: '0' })).toMatchObject({ drainMs: 0 })
  expect(readConfig({ ...several, NATS_URL: 'nats://one:4222, tls://two:4222' })).toMatchObject({
    natsUrls: ['nats://one:4222', 'tls://two:4222'],
  })
  expect(readConfig({ OUTSIDE_URL: 'http://outside:4100/' })).toMatchObject({ outsideUrl: 'http://outside:4100' })
})

it('a bus needs the database that the gateways share', () => {
  expect(() => readConfig({ NATS_URL: 'nats://localhost:4222' })).toThrow(/^NATS_URL: .*Set DATABASE_URL/)
})

it('tells people where the data is without user and password, and repeats neither in an error', () => {
  const place = (DATABASE_URL: string): string => placeOf(readConfig({ DATABASE_URL }))
  expect(place('postgres://layover:hunter2@db.example:5433/agency?sslmode=require')).toBe('agency on db.example:5433')
  expect(place('postgres:///agency?host=/run/postgresql&user=layover&password=hunter2')).toBe(
    'agency on /run/postgresql',
  )
  const refused = { DATABASE_URL: 'postgre://layover:hunter2@db/agency', NATS_URL: 'http://layover:hunter2@bus' }
  expect(() => readConfig(refused)).toThrow(/DATABASE_URL: must be/)
  expect(() => readConfig(refused)).not.toThrow(/hunter2/)
})

it('the outside has a port for the mailbox beside its own', () => {
  expect(readOutsideConfig({})).toEqual({ port: 4100, host: '127.0.0.1', directory: '.layover' })
  expect(() => readOutsideConfig({ OUTSIDE_PORT: '65535' })).toThrow(/OUTSIDE_PORT: /)
})

it.each([
  ['PORT', 'many'],
  ['PORT', '70000'],
  ['TASK_WAIT_MS', '-1'],
  ['HOTEL_SUPPLIER_URL', 'ftp://hotel'],
  ['SMTP_URL', 'localhost'],
  ['LOG_LEVEL', 'loud'],
  ['PLAYGROUND', 'yes'],
  ['RATE_LIMIT', '250'],
  ['RATE_LIMIT', '0/20'],
  ['TASK_RATE_LIMIT', '2000/0'],
  ['TASK_RATE_LIMIT', 'many/few'],
  ['ALLOWED_ORIGINS', 'app.example'],
  ['ALLOWED_ORIGINS', 'https://app.example/'],
  ['ALLOWED_ORIGINS', '*'],
  ['DATABASE_URL', 'mysql://localhost/layover'],
  ['DATABASE_URL', 'postgres://localhost'],
  ['DATABASE_URL', 'localhost/layover'],
  ['NATS_URL', 'http://localhost:4222'],
  ['NATS_URL', 'nats://one:4222,two:4222'],
  ['OUTSIDE_URL', 'smtp://localhost:4101'],
  ['OUTSIDE_URL', 'http://localhost:4100/hotel'],
  ['DRAIN_SECONDS', '601'],
  ['DRAIN_SECONDS', '-1'],
])('%s=%s stops the start, by name', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^These settings can't be used:\\n {2}${name}: `))
})
