import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Clock, systemClock } from 'layover/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CatalogueOffer, demoCatalogue } from '../../server/vacation/suppliers/catalogue.ts'
import { httpSupplier } from '../../server/vacation/suppliers/http.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../server/vacation/suppliers/sandbox.ts'
import { ControlInputInvalid } from '../../server/vacation/suppliers/sandbox-control.ts'
import { type Supplier, SupplierUnreachable, type UnreachableCode } from '../../server/vacation/suppliers/suppliers.ts'

const eur = (amount: number): { amount: number; currency: string } => ({ amount, currency: 'EUR' })
const hotel: CatalogueOffer = {
  supplier: 'hotel',
  id: 'hotel-1',
  name: 'Harbour',
  place: 'Lisbon',
  price: eur(50_000),
  stock: 2,
  stars: 3,
}
const offers: readonly CatalogueOffer[] = [
  hotel,
  { ...hotel, id: 'hotel-full', stock: 0 },
  { ...hotel, id: 'hotel-old', discontinued: true, replacedBy: 'hotel-1' },
  { ...hotel, id: 'hotel-gone', discontinued: true },
  {
    supplier: 'flight',
    id: 'flight-1',
    name: 'Gull 1',
    place: 'Lisbon',
    price: eur(20_000),
    stock: 5,
    departsAt: '07:40',
  },
]
const request = { offerId: 'hotel-1', startsOn: '2031-06-01', endsOn: '2031-06-08', guests: 2 }
const key = 'task-1:hotel'

interface ManualClock extends Clock {
  advance(ms: number): void
  waiting(): number
}

function manualClock(startMs: number): ManualClock {
  let nowMs = startMs
  const timers = new Set<{ dueMs: number; run: () => void }>()
  return {
    now: () => nowMs,
    after(ms, run) {
      const timer = { dueMs: nowMs + ms, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(ms) {
      nowMs += ms
      for (const timer of [...timers].filter(({ dueMs }) => dueMs <= nowMs)) {
        timers.delete(timer)
        timer.run()
      }
    },
    waiting: () => timers.size,
  }
}

let sandbox: Sandbox
let clock: ManualClock
let folder: string
const cleanups: (() => unknown)[] = []

const open = async (options: Partial<SandboxOptions> = {}): Promise<Sandbox> => {
  const opened = await startSandbox({ clock, offers, ...options })
  cleanups.push(() => opened.close())
  return opened
}
const hotels = (url = sandbox.hotel, options: { clock?: Clock; timeoutMs?: number } = {}): Supplier =>
  httpSupplier({ url, fetch, clock: systemClock, name: 'hotel', ...options })
const post = (name: string, body: string, type = 'application/json'): Promise<Response> =>
  fetch(`${sandbox.url}/control/${name}`, { method: 'POST', headers: { 'content-type': type }, body })

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'layover-suppliers-'))
  clock = manualClock(Date.UTC(2031, 4, 1, 9))
  sandbox = await open()
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  rmSync(folder, { recursive: true, force: true })
})

async function unreachable(call: Promise<unknown>): Promise<SupplierUnreachable> {
  const error = await call.then(
    value => expect.fail(`answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(SupplierUnreachable)
  return error as SupplierUnreachable
}

/** A supplier that answers every call in one way. */
async function stub(status: number, body: unknown, headers: Record<string, string> = {}): Promise<Supplier> {
  const server = createServer((_, response) => {
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return hotels(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

describe('a reservation', () => {
  it('is answered with a readable confirmation and the price of the offer', async () => {
    const answer = await hotels().reserve(key, request)
    expect(answer).toEqual({
      kind: 'reserved',
      confirmation: expect.stringMatching(/^H-[0-9A-Z]{6}$/),
      price: eur(50_000),
    })
    expect(sandbox.control.reservations()).toEqual([
      { supplier: 'hotel', key, offerId: 'hotel-1', confirmation: answer.kind === 'reserved' && answer.confirmation },
    ])
  })

  it('asked twice under one key is made once, with the same answer even after the price has moved', async () => {
    const first = await hotels().reserve(key, request)
    sandbox.control.setPrice('hotel-1', 99_000)
    expect(await hotels().reserve(key, request)).toEqual(first)
    expect(sandbox.control.reservations()).toHaveLength(1)
    expect(sandbox.control.log().map(call => call.status)).toEqual([201, 200])
  })

  it('takes one of the stock, and its release gives it back', async () => {
    sandbox.control.setStock('hotel-1', 1)
    await hotels().reserve(key, request)
    expect(await hotels().reserve('task-2:hotel', request)).toMatchObject({ kind: 'refused', code: 'SOLD_OUT' })
    await hotels().release(key)
    expect(await hotels().reserve('task-2:hotel', request)).toMatchObject({ kind: 'reserved' })
  })

  it('is found under its key and under no other, nor at another supplier', async () => {
    const { confirmation } = (await hotels().reserve(key, request)) as { confirmation: string }
    expect(await hotels().find(key)).toEqual({ key, confirmation, price: eur(50_000) })
    expect(await hotels().find('task-2:hotel')).toBeUndefined()
    expect(await hotels(sandbox.flight).find(key)).toBeUndefined()
  })

  it('keeps a key with slashes, spaces and percent signs apart from others', async () => {
    const odd = 'a/b c%2Fd?e#f:hotel'
    await hotels().reserve(odd, request)
    expect(sandbox.control.reservations()[0]?.key).toBe(odd)
    expect(await hotels().find(odd)).toMatchObject({ key: odd })
  })

  it('of the last room goes to exactly one of two who ask at once', async () => {
    sandbox.control.setStock('hotel-1', 1)
    const answers = await Promise.all(['a:hotel', 'b:hotel'].map(each => hotels().reserve(each, request)))
    expect(answers.map(answer => answer.kind).sort()).toEqual(['refused', 'reserved'])
    expect(sandbox.control.reservations()).toHaveLength(1)
  })
})

describe('a refusal', () => {
  it('says that nothing is left', async () => {
    expect(await hotels().reserve(key, { ...request, offerId: 'hotel-full' })).toEqual({
      kind: 'refused',
      code: 'SOLD_OUT',
      message: expect.any(String),
    })
  })

  it('of a discontinued offer names its successor, if there is one', async () => {
    const refused = { kind: 'refused', code: 'DISCONTINUED', message: expect.any(String) }
    const asked = (offerId: string) => hotels().reserve(key, { ...request, offerId })
    expect(await asked('hotel-old')).toEqual({ ...refused, replacement: 'hotel-1' })
    expect(await asked('hotel-gone')).toEqual(refused)
    expect(await asked('hotel-never-heard-of')).toEqual(refused)
    expect(await asked('flight-1')).toEqual(refused)
  })

  it('of a changed price comes through', async () => {
    const supplier = await stub(409, { code: 'PRICE_CHANGED', message: 'dearer', replacement: null })
    expect(await supplier.reserve(key, request)).toEqual({
      kind: 'refused',
      code: 'PRICE_CHANGED',
      message: 'dearer',
    })
  })

  it('holds nothing: the same key is decided afresh when the stock is back', async () => {
    sandbox.control.setStock('hotel-1', 0)
    expect(await hotels().reserve(key, request)).toMatchObject({ kind: 'refused' })
    sandbox.control.setStock('hotel-1', 1)
    expect(await hotels().reserve(key, request)).toMatchObject({ kind: 'reserved' })
  })
})

describe('a release', () => {
  it('may be repeated, and returns the stock once', async () => {
    sandbox.control.setStock('hotel-1', 1)
    await hotels().reserve(key, request)
    await hotels().release(key)
    await hotels().release(key)
    expect(await hotels().find(key)).toBeUndefined()
    await hotels().reserve('task-2:hotel', request)
    expect(await hotels().reserve('task-3:hotel', request)).toMatchObject({ code: 'SOLD_OUT' })
  })

  it.each([
    ['of a key that never was', false],
    ['of a key that was reserved', true],
  ])('%s forbids every later reservation under it', async (_, reservedBefore) => {
    if (reservedBefore) await hotels().reserve(key, request)
    await hotels().release(key)
    expect(await unreachable(hotels().reserve(key, request))).toMatchObject({ code: 'STATUS', status: 410 })
    expect(sandbox.control.reservations()).toEqual([])
  })

  it('beats a slow reservation that lands behind it', async () => {
    sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'slow', ms: 60_000 })
    const impatient = manualClock(0)
    const late = unreachable(hotels(sandbox.hotel, { clock: impatient }).reserve(key, request))
    await vi.waitUntil(() => clock.waiting() === 1)
    impatient.advance(5_000)
    expect(await late).toMatchObject({ code: 'TIMEOUT' })
    await hotels().release(key)
    clock.advance(60_000)
    await vi.waitUntil(() => sandbox.control.log()[0]?.status === 410)
    expect(sandbox.control.reservations()).toEqual([])
  })
})

describe('an unknown outcome', () => {
  it.each<['error-500' | 'html-502' | 'cut-before', UnreachableCode, number | undefined]>([
    ['error-500', 'STATUS', 500],
    ['html-502', 'STATUS', 502],
    ['cut-before', 'CONNECTION', undefined],
  ])('after %s is thrown as such by every call, and nothing was done', async (kind, code, status) => {
    for (const on of ['offers', 'reserve', 'release', 'find'] as const) {
      sandbox.control.fault({ supplier: '*', on, kind })
    }
    const supplier = hotels()
    const calls = [supplier.offers(), supplier.reserve(key, request), supplier.release(key), supplier.find(key)]
    for (const error of await Promise.all(calls.map(unreachable))) expect(error).toMatchObject({ code, status })
    sandbox.control.clearFaults()
    expect(sandbox.control.reservations()).toEqual([])
    expect(await supplier.reserve(key, request)).toMatchObject({ kind: 'reserved' })
  })

  it('comes when the time is over, from connecting to the last byte', async () => {
    sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'hang' })
    const patience = manualClock(0)
    const call = unreachable(hotels(sandbox.hotel, { clock: patience, timeoutMs: 700 }).reserve(key, request))
    await vi.waitUntil(() => sandbox.control.log().length === 1)
    patience.advance(699)
    expect(patience.waiting()).toBe(1)
    patience.advance(1)
    expect(await call).toMatchObject({ code: 'TIMEOUT' })
    expect(sandbox.control.log()).toEqual([
      { supplier: 'hotel', method: 'PUT', key, at: Date.UTC(2031, 4, 1, 9), status: null },
    ])
  })

  it('comes in time even if the network does not heed the signal', async () => {
    const patience = manualClock(0)
    const deaf = httpSupplier({
      url: 'http://deaf',
      fetch: () => new Promise(() => undefined),
      clock: patience,
      name: 'hotel',
    })
    const call = unreachable(deaf.offers())
    patience.advance(5_000)
    expect(await call).toMatchObject({ code: 'TIMEOUT' })
  })

  it('comes at once when the caller gives up, and no timer is left', async () => {
    sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'hang' })
    const patience = manualClock(0)
    const caller = new AbortController()
    const call = unreachable(hotels(sandbox.hotel, { clock: patience }).reserve(key, request, caller.signal))
    await vi.waitUntil(() => sandbox.control.log().length === 1)
    caller.abort(new Error('the task was withdrawn'))
    expect(await call).toMatchObject({ code: 'ABORTED', cause: { message: 'the task was withdrawn' } })
    expect(patience.waiting()).toBe(0)
    expect(await unreachable(hotels().offers(caller.signal))).toMatchObject({ code: 'ABORTED' })
  })

  it('after a lost answer may hide a real reservation, and find tells', async () => {
    sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'cut-after', times: 1 })
    expect(await unreachable(hotels().reserve(key, request))).toMatchObject({ code: 'CONNECTION' })
    const found = await hotels().find(key)
    expect(found).toMatchObject({ key })
    expect(await hotels().reserve(key, request)).toMatchObject({ kind: 'reserved', confirmation: found?.confirmation })
    expect(sandbox.control.reservations()).toHaveLength(1)
  })

  it('is also a release whose answer was lost: it was done', async () => {
    await hotels().reserve(key, request)
    sandbox.control.fault({ supplier: 'hotel', on: 'release', kind: 'cut-after', times: 1 })
    await unreachable(hotels().release(key))
    expect(sandbox.control.reservations()).toEqual([])
  })

  it('is another request under a key that is held', async () => {
    await hotels().reserve(key, request)
    const other = hotels().reserve(key, { ...request, guests: 3 })
    expect(await unreachable(other)).toMatchObject({ code: 'STATUS', status: 422 })
    expect(sandbox.control.reservations()).toHaveLength(1)
  })

  it.each([
    ['no JSON', 201, '<html>', 'MALFORMED'],
    ['another key', 201, { key: 'task-9:hotel', confirmation: 'H-1', price: eur(1) }, 'MALFORMED'],
    ['no price', 200, { key, confirmation: 'H-1' }, 'MALFORMED'],
    ['a refusal nobody knows', 409, { code: 'BAD_MOOD', message: 'no' }, 'MALFORMED'],
    ['a status nobody knows', 418, {}, 'STATUS'],
  ])('is an answer with %s', async (_, status, body, code) => {
    const supplier = await stub(status, body)
    expect(await unreachable(supplier.reserve(key, request))).toMatchObject({ code, status })
  })

  it('is a redirect, which is not followed', async () => {
    const supplier = await stub(307, '', { location: `${sandbox.hotel}/reservations/${encodeURIComponent(key)}` })
    expect(await unreachable(supplier.reserve(key, request))).toMatchObject({ code: 'STATUS', status: 307 })
    expect(sandbox.control.reservations()).toEqual([])
  })

  it('is a supplier that is not there', async () => {
    const { hotel: url } = sandbox
    await sandbox.close()
    expect(await unreachable(hotels(url).offers())).toMatchObject({ code: 'CONNECTION' })
  })
})

describe('the offers', () => {
  const valid = {
    id: 'h1',
    name: 'House',
    place: 'Lisbon',
    price: eur(1),
    validUntil: '2031-01-01T00:00:00Z',
    discontinued: false,
  }

  it('are read with what is special to each kind', async () => {
    const [first, , old] = await hotels(`${sandbox.hotel}/`).offers()
    expect(first).toEqual({
      id: 'hotel-1',
      name: 'Harbour',
      place: 'Lisbon',
      price: eur(50_000),
      validUntil: '2031-05-02T23:59:59.999Z',
      discontinued: false,
      replacedBy: null,
      stars: 3,
    })
    expect(old).toMatchObject({ discontinued: true, replacedBy: 'hotel-1' })
    expect(await hotels(sandbox.flight).offers()).toMatchObject([{ departs: '2031-05-03T07:40:00.000Z' }])
  })

  it('do not look changed until the day changes', async () => {
    const morning = await hotels().offers()
    clock.advance(14 * 3_600_000)
    expect(await hotels().offers()).toEqual(morning)
    clock.advance(3_600_000)
    expect((await hotels().offers())[0]?.validUntil).toBe('2031-05-03T23:59:59.999Z')
  })

  it('tolerate fields that nobody here knows, and bring moments to UTC', async () => {
    const supplier = await stub(200, {
      offers: [{ ...valid, validUntil: '2031-01-01T02:00:00+02:00', pool: true, stars: null }],
    })
    expect(await supplier.offers()).toEqual([{ ...valid, validUntil: '2031-01-01T00:00:00.000Z', stars: null }])
  })

  it.each([
    ['price.amount', { price: eur(1.5) }, 'offers[1].price.amount'],
    ['an amount no Int can hold', { price: eur(2 ** 31) }, 'offers[1].price.amount'],
    ['currency', { price: { amount: 1, currency: 'euro' } }, 'offers[1].price.currency'],
    ['validUntil', { validUntil: 'tomorrow' }, 'offers[1].validUntil'],
    ['a missing id', { id: undefined }, 'offers[1].id'],
    ['a repeated id', { id: 'h1' }, 'offers[1].id'],
  ])('are refused as a whole for one malformed offer: %s', async (_, wrong, field) => {
    const supplier = await stub(200, { offers: [valid, { ...valid, id: 'h2', ...wrong }] })
    const error = await unreachable(supplier.offers())
    expect(error).toMatchObject({ code: 'MALFORMED', message: expect.stringContaining(`${field}: `) })
  })

  it('are refused if they are no list', async () => {
    const supplier = await stub(200, [])
    expect(await unreachable(supplier.offers())).toMatchObject({ code: 'MALFORMED' })
  })

  it('of the demo are many, pass the guard, and hold every case a demo needs', async () => {
    const demo = await open({ offers: demoCatalogue })
    for (const kind of ['hotel', 'flight', 'car'] as const) {
      const listed = await hotels(demo[kind]).offers()
      const seeded = demoCatalogue.filter(offer => offer.supplier === kind)
      expect(listed.map(offer => offer.id)).toEqual(seeded.map(offer => offer.id))
      expect(new Set(listed.map(offer => offer.place)).size).toBe(8)
      expect(seeded.some(offer => offer.stock === 0 && !offer.discontinued)).toBe(true)
      const successors = listed.flatMap(offer => (offer.discontinued && offer.replacedBy ? [offer.replacedBy] : []))
      expect(successors).not.toEqual([])
      for (const id of successors) {
        expect(seeded.find(offer => offer.id === id)).toMatchObject({ discontinued: false })
      }
    }
  })
})

describe('the sandbox', () => {
  it('keeps reservations, releases, stock and prices over a restart on the same file', async () => {
    const file = join(folder, 'suppliers.db')
    const before = await open({ file })
    await hotels(before.hotel).reserve(key, request)
    await hotels(before.hotel).release('task-2:hotel')
    before.control.setPrice('hotel-1', 60_000)
    const [offer] = await hotels(before.hotel).offers()
    const held = before.control.reservations()
    await before.close()

    const after = await open({ file })
    expect(after.control.reservations()).toEqual(held)
    expect((await hotels(after.hotel).offers())[0]).toEqual(offer)
    expect(await unreachable(hotels(after.hotel).reserve('task-2:hotel', request))).toMatchObject({ status: 410 })
    expect(await hotels(after.hotel).reserve('task-3:hotel', request)).toMatchObject({ price: eur(60_000) })
    expect(await hotels(after.hotel).reserve('task-4:hotel', request)).toMatchObject({ code: 'SOLD_OUT' })
  })

  it('keeps what it answered when its process is killed', async () => {
    const file = join(folder, 'killed.db')
    const program = `
      import { systemClock } from 'layover/protocol'
      import { startSandbox } from './server/vacation/suppliers/sandbox.ts'
      const { hotel } = await startSandbox({ file: ${JSON.stringify(file)}, clock: systemClock })
      process.stdout.write(hotel + '\\n')`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    cleanups.push(() => child.kill('SIGKILL'))
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
    const answer = await hotels(url).reserve(key, { ...request, offerId: 'hotel-lisbon-1' })
    child.kill('SIGKILL')
    expect(await exited).toEqual([null, 'SIGKILL'])

    const after = await open({ file, offers: demoCatalogue })
    expect(await hotels(after.hotel).find(key)).toMatchObject({
      confirmation: answer.kind === 'reserved' && answer.confirmation,
    })
  })

  it('closes although calls hang, others are slow and a connection says nothing', async () => {
    sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'hang' })
    sandbox.control.fault({ supplier: 'hotel', on: 'find', kind: 'slow', ms: 60_000 })
    const patience = manualClock(0)
    const calls = [
      unreachable(hotels(sandbox.hotel, { clock: patience }).reserve(key, request)),
      unreachable(hotels(sandbox.hotel, { clock: patience }).find(key)),
    ]
    const silent = connect(Number(new URL(sandbox.url).port), '127.0.0.1')
    await once(silent, 'connect')
    const dropped = once(silent, 'close')
    await vi.waitUntil(() => clock.waiting() === 1 && sandbox.control.log().length === 2)
    await Promise.all([sandbox.close(), sandbox.close()])
    await dropped
    expect(clock.waiting()).toBe(0)
    for (const call of calls) expect(await call).toMatchObject({ code: 'CONNECTION' })
  })

  it('spends a fault on as many calls as it was set for, and only on the keys it names', async () => {
    const times = { supplier: 'hotel', on: 'reserve', kind: 'error-500', times: 2 } as const
    sandbox.control.fault({ ...times, key: /^task-1:/g })
    expect(await hotels().reserve('task-2:hotel', request)).toMatchObject({ kind: 'reserved' })
    await unreachable(hotels().reserve(key, request))
    await unreachable(hotels().reserve(key, request))
    expect(await hotels().reserve(key, request)).toMatchObject({ kind: 'reserved' })
  })

  it('refuses a reservation that makes no sense, and names the field', async () => {
    const put = (body: string): Promise<Response> => fetch(`${sandbox.hotel}/reservations/k`, { method: 'PUT', body })
    for (const [body, field] of [
      ['{', 'body'],
      [JSON.stringify({ ...request, guests: 0 }), 'guests'],
      [JSON.stringify({ ...request, startsOn: '2031-13-01' }), 'startsOn'],
      [JSON.stringify({ ...request, endsOn: '2031-05-31' }), 'endsOn'],
    ]) {
      const response = await put(body!)
      expect([response.status, await response.json()]).toEqual([
        400,
        { code: 'INVALID_INPUT', field, message: expect.any(String) },
      ])
    }
    expect((await put('x'.repeat(70_000))).status).toBe(413)
  })

  it.each([
    ['GET', '/', 404],
    ['GET', '/train/offers', 404],
    ['POST', '/hotel/offers', 405],
    ['GET', '/hotel/reservations/', 404],
    ['GET', '/hotel/reservations/%E0%A4%A', 400],
    ['GET', '/control/fault', 405],
    ['GET', '/control/nothing', 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    const response = await fetch(`${sandbox.url}${path}`, { method })
    expect(response.status).toBe(status)
    await response.arrayBuffer()
  })
})

describe('the control of the sandbox', () => {
  it('does over HTTP what it does in its own process', async () => {
    const done = [
      await post('stock', JSON.stringify({ offerId: 'hotel-full', stock: 1 })),
      await post('price', JSON.stringify({ offerId: 'hotel-full', amount: 7 })),
      await post('discontinue', JSON.stringify({ offerId: 'hotel-1', replacedBy: 'hotel-full' })),
      await post('fault', JSON.stringify({ supplier: 'hotel', on: 'find', kind: 'html-502', key: ':hotel$' })),
    ]
    expect(done.map(response => response.status)).toEqual([204, 204, 204, 204])
    expect(await hotels().reserve(key, request)).toMatchObject({ code: 'DISCONTINUED', replacement: 'hotel-full' })
    expect(await hotels().reserve(key, { ...request, offerId: 'hotel-full' })).toMatchObject({ price: eur(7) })
    expect(await unreachable(hotels().find(key))).toMatchObject({ status: 502 })
    expect((await post('clear', '{}')).status).toBe(204)
    expect(await hotels().find(key)).toMatchObject({ key })
    const view = async (name: string): Promise<unknown> => (await fetch(`${sandbox.url}/control/${name}`)).json()
    expect(await view('reservations')).toEqual({ reservations: sandbox.control.reservations() })
    expect(await view('log')).toEqual({ log: sandbox.control.log() })
  })

  it.each([
    ['fault', { supplier: 'train', on: 'find', kind: 'hang' }, 'supplier'],
    ['fault', { supplier: '*', on: 'find', kind: 'shrug' }, 'kind'],
    ['fault', { supplier: '*', on: 'find', kind: 'hang', times: 0 }, 'times'],
    ['fault', { supplier: '*', on: 'find', kind: 'hang', key: '(' }, 'key'],
    ['fault', { supplier: '*', on: 'find', kind: 'slow' }, 'ms'],
    ['stock', { offerId: 'hotel-nowhere', stock: 1 }, 'offerId'],
    ['stock', { offerId: 'hotel-1', stock: -1 }, 'stock'],
    ['price', { offerId: 'hotel-1', amount: '7' }, 'amount'],
    ['discontinue', { offerId: 'hotel-1', replacedBy: 'hotel-nowhere' }, 'replacedBy'],
    ['stock', 'no object', 'body'],
  ])('refuses %s with %j and names the field', async (name, body, field) => {
    const response = await post(name, JSON.stringify(body))
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: 'INVALID_INPUT', field, message: expect.any(String) },
    ])
  })

  it('throws the same in its own process', () => {
    expect(() => sandbox.control.setStock('hotel-nowhere', 1)).toThrow(ControlInputInvalid)
    expect(() => sandbox.control.fault({ supplier: '*', on: 'find', kind: 'slow' })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'ms' }),
    )
  })

  it('takes nothing from a page that may post only plain text', async () => {
    const response = await post('stock', JSON.stringify({ offerId: 'hotel-full', stock: 1 }), 'text/plain')
    expect(response.status).toBe(415)
    expect(await hotels().reserve(key, { ...request, offerId: 'hotel-full' })).toMatchObject({ code: 'SOLD_OUT' })
  })
})
