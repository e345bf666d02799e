/** Settings: a wrong one stops the start and says which, and how to mend it. */
import { expect, it } from 'vitest'
import { readConfig } from '../../server/vacation/config.ts'

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
  ['DATABASE_URL', 'postgres://localhost/layover'],
])('%s=%s stops the start, by name', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^These settings can't be used:\\n {2}${name}: `))
})
