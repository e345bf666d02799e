/** How the built pages are served: deep links, compression, what may be kept and what must be asked for again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildWeb } from '../../client/build.ts'
import { type GatewayProcess, startGatewayProcess, temporaryDataDir } from '../support/gateway-process.ts'

let gateway: GatewayProcess
let data: Awaited<ReturnType<typeof temporaryDataDir>>

beforeAll(async () => {
  await buildWeb()
  data = await temporaryDataDir()
  gateway = await startGatewayProcess({ dataDir: data.path })
}, 120_000)

afterAll(async () => {
  await gateway.kill()
  await data.remove()
})

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.url + path, { headers })
const PAGE = { accept: 'text/html,application/xhtml+xml' }

test('every address of the page is answered with the page, as a browser asks for it', async () => {
  const home = await (await get('/')).text()
  for (const path of ['/vacations', '/customers/customer-1', '/offers?place=Lisbon', '/book', '/no/such/screen']) {
    const answer = await get(path, PAGE)
    expect([path, answer.status, await answer.text()]).toEqual([path, 200, home])
  }
})

test('what is no address of the page is not found, for browsers too', async () => {
  for (const path of ['/assets/gone.js', '/missing.png', '/graphql/deeper', '/health/unknown', '/demo/unknown']) {
    const answer = await get(path, PAGE)
    expect([path, answer.status, await answer.json()]).toEqual([
      path,
      404,
      { code: 'NOT_FOUND', message: 'There is nothing at this address.' },
    ])
  }
  expect((await get('/customers/customer-1')).status).toBe(404) // No browser: a program with a wrong address.
})

test('scripts come compressed to whoever takes that, and the same without', async () => {
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await (await get('/')).text())?.[1] ?? ''
  const plain = await get(script, { 'accept-encoding': 'identity' })
  const text = await plain.text()
  for (const encoding of ['br', 'gzip']) {
    const answer = await get(script, { 'accept-encoding': encoding })
    expect(answer.headers.get('content-encoding')).toBe(encoding)
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(text.length / 3)
    expect(answer.headers.get('vary')).toMatch(/accept-encoding/i)
    expect(await answer.text()).toBe(text)
  }
})

test('what carries a hash in its name may be kept for ever; the page, its worker and its manifest are asked for again', async () => {
  const home = await (await get('/')).text()
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(home)?.[1] ?? ''
  expect((await get(script)).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  for (const path of ['/', '/sw.js', '/sw-routes.js', '/manifest.webmanifest', '/index.html']) {
    expect([path, (await get(path)).headers.get('cache-control')]).toEqual([path, 'no-cache'])
  }
})
