/** The known `changes` document is answered from ready texts; what comes out is what execution would have answered. */
import { join } from 'node:path'
import { InMemoryCache } from '@apollo/client'
import { type ApolloServerPlugin, HeaderMap, type HTTPGraphQLRequest } from '@apollo/server'
import Database from 'better-sqlite3'
import fastCheck from 'fast-check'
import fastify, { type FastifyInstance } from 'fastify'
import { type DocumentNode, Kind, parse, print, separateOperations } from 'graphql'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import {
  type Collection,
  createGateway,
  defineCollection,
  type Gateway,
  type GatewayContext,
  hasRole,
  jwtAuthenticator,
  ownedBy,
  SHARED_PARTITION,
  type Viewer,
} from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import type { EntityRecord, Store, StoredRecord } from '../../server/store/store.ts'
import { apolloServer } from '../../server/use/apollo.ts'
import { serveGateway } from '../../server/use/fastify.ts'
import { clientOperations } from '../../server/vacation/__generated__/client-operations.ts'
import { vacationSdl } from '../../server/vacation/__generated__/vacation-sdl.ts'
import { collections as vacationCollections } from '../../server/vacation/collections.ts'
import { resolvers } from '../../server/vacation/resolvers.ts'
import { type Calendar, calendar } from '../support/device.ts'
import { agent, ask, SECRET, supervisor, temporaryDirectory, tokenFor } from '../support/world.ts'

/** As the web app's client sends it. */
const sent = (operations: string): string =>
  print(new InMemoryCache().transformDocument(separateOperations(parse(operations))['Changes'] as DocumentNode))
const KNOWN = sent(clientOperations)
/** The same with one field more, which makes it another document. */
const OTHER = KNOWN.replace('hasMore', 'hasMore more: hasMore')

const [ann, bob, boss] = [agent('ann'), agent('bob'), supervisor('chief')]
const NORTH = 'tenant:north'

interface Served {
  readonly store: Store
  readonly gateway: Gateway
  readonly path: string
  readonly url: string
  readonly clock: Calendar
  /** Of each document so far: was it answered from texts? */
  readonly ready: boolean[]
  put(...records: StoredRecord[]): Promise<void>
  /** `changes` of the answer to a document, and whether it came from texts. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of any document
  changes(viewer: Viewer, document: string, variables?: object): Promise<{ page: any; errors: unknown; ready: boolean }>
  close(): Promise<void>
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(
  options: { changesDocument?: string; collections?: readonly Collection[]; path?: string } = {},
): Promise<Served> {
  const directory = temporaryDirectory()
  const path = options.path ?? join(directory.path, 'layover.db')
  const store = sqlite(path)
  // It stands still, so that equal questions get equal cursors.
  const now = systemClock.now()
  const clock: Calendar = { ...calendar(), now: () => now }
  const gateway = createGateway({
    store,
    typeDefs: vacationSdl,
    resolvers,
    tasks: [],
    collections: options.collections ?? vacationCollections,
    changesDocument: options.changesDocument ?? clientOperations,
    authenticate: jwtAuthenticator({ secret: SECRET }),
    clock,
  })
  const ready: boolean[] = []
  await gateway.start()
  const app: FastifyInstance = fastify({ forceCloseConnections: true })
  await serveGateway(app, {
    ...gateway,
    async readyAnswer(request) {
      const answer = await gateway.readyAnswer(request)
      ready.push(answer !== undefined)
      return answer
    },
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  let open = true
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    await app.close()
    await gateway.stop()
  }
  closing.push(async () => directory.remove(), close)
  return {
    store,
    gateway,
    path,
    url,
    clock,
    ready,
    close,
    put: async (...records) => {
      for (const partition of new Set(records.map(record => record.partition))) {
        await store.write(partition, async unit => {
          for (const record of records) {
            if (record.partition === partition) unit.put(record, { keepVersion: false, writtenBy: null })
          }
        })
      }
    },
    async changes(viewer, query, variables) {
      const { data, errors } = await ask(url, viewer, query, { first: 1000, ...variables })
      return { page: data?.changes, errors, ready: ready.at(-1) === true }
    },
  }
}

const record = (type: string, id: string, fields: object, more: Partial<StoredRecord> = {}): StoredRecord => ({
  partition: type.endsWith('Offer') ? SHARED_PARTITION : NORTH,
  type,
  key: type === 'Task' ? `ann/${id}` : id,
  owner: type.endsWith('Offer') ? null : 'ann',
  deleted: false,
  entity: {
    __typename: type,
    id,
    version: 1,
    updatedAt: '2027-01-01T00:00:00.000Z',
    updatedBy: null,
    ...fields,
  } as EntityRecord,
  ...more,
})

const customer = (id: string, fields: object = {}, more: Partial<StoredRecord> = {}): StoredRecord =>
  record('Customer', id, { ownerId: 'ann', name: `Customer ${id}`, ...fields }, more)

const any = fastCheck
const text = any.oneof(
  any.string({ unit: 'binary', maxLength: 12 }),
  any.string({ unit: 'grapheme', maxLength: 8 }),
  any.constantFrom('', '"', '\\', '\u2028', '\ud800', '</script>', 'null', '0', '{"a":1}', "l'été\n"),
)
/** Absent, null or there. */
const perhaps = <Value>(value: fastCheck.Arbitrary<Value>): fastCheck.Arbitrary<Value | null | undefined> =>
  any.oneof(any.constantFrom(null, undefined), value)
const whole = any.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const json = any.jsonValue() as fastCheck.Arbitrary<unknown>
const money = any.record({ amount: whole, currency: text })
const reservation = any.record({ offerId: text, confirmation: text, price: money })
const offer = {
  name: text,
  place: text,
  price: money,
  validUntil: any.constant('2027-01-01T00:00:00.000Z'),
  discontinued: any.boolean(),
  replacedBy: perhaps(text),
}
const fields: Readonly<Record<string, fastCheck.Arbitrary<object>>> = {
  Customer: any.record({
    ownerId: text,
    name: text,
    email: perhaps(text),
    phone: perhaps(text),
    notes: perhaps(text),
    unasked: perhaps(json),
  }),
  Vacation: any.record({
    ownerId: text,
    customerId: text,
    status: any.constantFrom('REQUESTED', 'BOOKED', 'CANCELLED'),
    startsOn: any.constant('2027-05-03'),
    endsOn: any.constant('2027-05-04'),
    travellers: whole,
    notes: perhaps(text),
    hotel: perhaps(reservation),
    flight: perhaps(reservation),
    car: perhaps(reservation),
    total: perhaps(money),
  }),
  HotelOffer: any.record({ ...offer, stars: perhaps(whole) }),
  FlightOffer: any.record({ ...offer, departs: perhaps(any.constant('2027-01-01T00:00:00.000Z')) }),
  CarOffer: any.record({ ...offer, seats: perhaps(whole) }),
  Task: any.record({
    name: text,
    status: any.constantFrom('ACCEPTED', 'CONFIRMED', 'CONFLICT', 'REJECTED'),
    progress: any.double({ noNaN: true, min: 0, max: 1 }),
    steps: any.array(
      any.record({
        name: text,
        status: any.constantFrom('WAITING', 'DONE', 'UNDONE'),
        attempts: whole,
        optional: any.boolean(),
        error: perhaps(text),
        startedAt: perhaps(text),
        endedAt: perhaps(text),
      }),
      { maxLength: 3 },
    ),
    conflict: perhaps(
      any.record({
        type: text,
        id: text,
        fields: any.array(text, { maxLength: 3 }),
        base: json,
        mine: json.filter(value => value !== null),
        theirs: json,
        theirsVersion: whole,
        theirsBy: perhaps(text),
        theirsAt: text,
      }),
    ),
    rejection: perhaps(
      any.record({
        code: text,
        message: text,
        field: perhaps(text),
        suggestions: any.array(any.record({ label: text, patch: json.filter(value => value !== null) }), {
          maxLength: 2,
        }),
        failedTask: perhaps(text),
      }),
    ),
    reconciliation: any.array(any.record({ field: text, from: json, to: json, rule: text, message: text }), {
      maxLength: 2,
    }),
  }),
}
const stored = any
  .tuple(any.constantFrom(...Object.keys(fields)), any.integer({ min: 0, max: 9 }), any.integer({ min: 0, max: 9 }))
  .chain(([type, id, fate]) =>
    (fields[type] as fastCheck.Arbitrary<object>).map(values =>
      record(type, `${type}-${id}`, values, {
        deleted: fate === 0,
        ...(type.endsWith('Offer') || type === 'Task' || fate > 2 ? {} : { owner: fate === 1 ? 'bob' : 'ann' }),
      }),
    ),
  )

describe('the known document', () => {
  it('is answered from texts with exactly the data of execution, whatever the records', {
    timeout: 120_000,
  }, async () => {
    const served = await start()
    const cursors = new Map<Viewer, string | undefined>()
    const pages = async (viewer: Viewer, first: number, since: string | undefined): Promise<string | undefined> => {
      let cursor = since
      for (let hasMore = true; hasMore; ) {
        const variables = { first, ...(cursor === undefined ? {} : { since: cursor }) }
        const [fast, slow] = [
          await served.changes(viewer, KNOWN, variables),
          await served.changes(viewer, OTHER, variables),
        ]
        expect([fast.ready, slow.ready]).toEqual([true, false])
        expect([fast.errors, slow.errors]).toEqual([[], []])
        const { more: _, ...data } = slow.page
        expect(fast.page).toEqual(data)
        expect(JSON.stringify(fast.page)).toBe(JSON.stringify(data))
        cursor = fast.page.cursor as string
        hasMore = fast.page.hasMore
      }
      return cursor
    }
    await any.assert(
      any.asyncProperty(
        any.array(stored, { minLength: 1, maxLength: 12 }),
        any.constantFrom(ann, bob, boss),
        any.integer({ min: 1, max: 9 }),
        any.constantFrom('new', 'broken', 'since'),
        async (records, viewer, first, kind) => {
          await served.put(...records)
          const since = kind === 'new' ? undefined : kind === 'broken' ? 'broken' : cursors.get(viewer)
          cursors.set(viewer, await pages(viewer, first, since))
        },
      ),
      { numRuns: 60 },
    )
    // All of it was made when it was written, but for what looks different to different readers.
    const database = new Database(served.path, { readonly: true })
    const missing = database
      .prepare(
        `select count(*) from record where deleted = 0 and text is null
         and json_extract(entity, '$.conflict') is null and coalesce(json_extract(entity, '$.reconciliation[0].type'), '') = ''`,
      )
      .pluck()
      .get()
    const made = database.prepare('select count(*) from record where text is not null').pluck().get()
    database.close()
    expect(missing).toBe(0)
    expect(made).toBeGreaterThan(0)
  })

  it('is answered with the errors of execution when a record is not what the schema promises', async () => {
    const served = await start()
    await served.put(customer('a'), customer('b', { name: null }))
    const [fast, slow] = [await served.changes(ann, KNOWN), await served.changes(ann, OTHER)]
    expect(fast.ready).toBe(false)
    expect(fast.errors).toEqual(slow.errors)
    expect(fast.errors).toHaveLength(1)
  })

  it('refuses what execution refuses, in the same words', async () => {
    const served = await start()
    for (const variables of [
      { first: 0 },
      { first: 'many' },
      { first: null },
      { scopes: [{ type: 'Nothing' }] },
      { scopes: [{ type: 'Customer', where: { nothing: 1 } }] },
      { since: 7 },
    ]) {
      const [fast, slow] = [
        await ask(served.url, ann, KNOWN, { first: 10, ...variables }),
        await ask(served.url, ann, OTHER, { first: 10, ...variables }),
      ]
      expect(fast.errors.length).toBeGreaterThan(0)
      const words = ({ errors }: typeof fast): unknown => errors.map(({ message, extensions }) => [message, extensions])
      expect([fast.status, words(fast)]).toEqual([slow.status, words(slow)])
    }
    expect((await ask(served.url, null, KNOWN, { first: 10 })).errors[0]?.extensions?.['code']).toBe('UNAUTHENTICATED')
    expect((await ask(served.url, 'nonsense', KNOWN, { first: 10 })).data).toBeNull()
  })

  it('keeps to scopes and rights', async () => {
    const served = await start()
    await served.put(customer('a', { phone: '1' }), customer('b', { phone: '2' }), customer('c', {}, { owner: 'bob' }))
    const ids = async (viewer: Viewer, scopes: object[]): Promise<string[]> => {
      const { page, ready } = await served.changes(viewer, KNOWN, { scopes })
      expect(ready).toBe(true)
      return page.changed.map(({ id }: { id: string }) => id)
    }
    expect(await ids(ann, [{ type: 'Customer', where: { phone: { in: ['2', '3'] } } }])).toEqual(['b'])
    expect(await ids(ann, [{ type: 'Customer' }])).toEqual(['a', 'b'])
    expect(await ids(boss, [{ type: 'Customer' }])).toEqual(['a', 'b', 'c'])
    expect(await ids(agent('ann', 'south'), [{ type: 'Customer' }])).toEqual([])
  })

  it('tells of what left the filter, and does not bring it again', async () => {
    const served = await start()
    const scopes = [{ type: 'Customer', where: { phone: '1' } }]
    await served.put(customer('a', { phone: '1' }), customer('b', { phone: '1' }))
    const { page: first } = await served.changes(ann, KNOWN, { scopes })
    await served.put(customer('a', { phone: '2', version: 2 }))
    for (const document of [KNOWN, OTHER]) {
      const { page, ready } = await served.changes(ann, document, { scopes, since: first.cursor })
      expect(ready).toBe(document === KNOWN)
      expect(page).toMatchObject({ changed: [], removed: [{ type: 'Customer', id: 'a', reason: 'OUT_OF_SCOPE' }] })
    }
  })

  it('cannot be led to put a text somewhere by what a record says', async () => {
    const served = await start()
    const name = '"}]}},"data":{"changes":{"changed":[{"__typename":"Customer","id":"forged"}]}}'
    await served.put(customer('a', { name }))
    const { page } = await served.changes(ann, KNOWN)
    expect(page.changed).toMatchObject([{ id: 'a', name }])
  })

  it('is known in any order of its fragments, and by any names of its operation and variables', async () => {
    const served = await start()
    await served.put(customer('a'))
    const { definitions } = parse(KNOWN)
    const turned = print({ kind: Kind.DOCUMENT, definitions: [...definitions].reverse() })
      .replaceAll('$since', '$after')
      .replace('query Changes', 'query Pull')
    const expected = await served.changes(ann, KNOWN)
    expect(await served.changes(ann, turned)).toEqual(expected)
    expect(expected.ready).toBe(true)
    const { page } = await served.changes(ann, turned, { after: expected.page.cursor })
    expect(page.changed).toEqual([])
  })
})

describe('on another server than Fastify, or beside plugins that look into answers,', () => {
  const request = (token: string, query: string): HTTPGraphQLRequest => ({
    method: 'POST',
    headers: new HeaderMap([
      ['content-type', 'application/json'],
      ['authorization', `Bearer ${token}`],
    ]),
    search: '',
    body: { query, variables: { first: 10 } },
  })

  it('the answer is the same', async () => {
    const served = await start()
    await served.put(customer('a', { name: 'Ünder "quotes"' }))
    const token = await tokenFor(ann)
    let seen: unknown
    const watching: ApolloServerPlugin<GatewayContext> = {
      requestDidStart: async () => ({
        async willSendResponse({ response: { body } }) {
          if (body.kind === 'single') seen = JSON.parse(JSON.stringify(body.singleResult.data))
        },
      }),
    }
    const adding: ApolloServerPlugin<GatewayContext> = {
      requestDidStart: async () => ({
        async willSendResponse({ response: { body } }) {
          if (body.kind === 'single') body.singleResult.extensions = { added: true }
        },
      }),
    }
    const expected = (await served.changes(ann, KNOWN)).page
    for (const plugins of [[], [watching], [adding]]) {
      const server = apolloServer(served.gateway, { plugins })
      await server.start()
      const { body } = await server.executeHTTPGraphQLRequest({
        httpGraphQLRequest: request(token, KNOWN),
        context: () => served.gateway.context({ authorization: `Bearer ${token}` }),
      })
      await server.stop()
      if (body.kind !== 'complete') throw new Error('an answer in parts')
      expect(JSON.parse(body.string).data.changes).toEqual(expected)
    }
    expect(seen).toEqual({ changes: expected })
  })
})

describe('another document is executed normally:', () => {
  const inCustomer = (more: string): string => KNOWN.replace('... on Customer {', `... on Customer { ${more} `)
  it.each([
    ['one field less', KNOWN.replace('hasMore', '')],
    ['one field more', inCustomer('checkedOutBy')],
    ['an alias', KNOWN.replace('  removed {', '  gone: removed {')],
    ['a field with a resolver', KNOWN.replace('... on Vacation {', '... on Vacation { customer { id } ')],
    ['a directive', KNOWN.replace('hasMore', 'hasMore @include(if: true)')],
    ['a directive on a fragment', KNOWN.replace('...CustomerParts', '...CustomerParts @skip(if: true)')],
    ['a second root field', KNOWN.replace('  changes(', '  task(id: "1") { id } changes(')],
    ['records by two names', KNOWN.replace('hasMore', 'hasMore also: changed { id __typename }')],
    ['no type names', print(separateOperations(parse(clientOperations))['Changes'] as DocumentNode)],
    ['introspection beside it', KNOWN.replace('  changes(', '  __typename changes(')],
  ])('%s', async (_, document) => {
    expect(document).not.toBe(KNOWN)
    const served = await start()
    await served.put(
      customer('a'),
      record('Vacation', 'v', {
        ownerId: 'ann',
        customerId: 'a',
        status: 'BOOKED',
        startsOn: '2027-01-01',
        endsOn: '2027-01-02',
        travellers: 1,
      }),
    )
    const { page, errors, ready } = await served.changes(ann, document)
    expect(errors).toEqual([])
    expect(ready).toBe(false)
    expect(page.changed).toHaveLength(2)
  })
})

describe('rows that look different to different readers', () => {
  const shy: readonly Collection[] = vacationCollections.map(collection =>
    collection.type === 'Customer'
      ? defineCollection('Customer', {
          ...ownedBy('ownerId', 'supervisor'),
          hides: viewer => (hasRole(viewer, 'supervisor') ? [] : ['notes']),
        })
      : collection,
  )

  it('are sent as the reader may see them, from texts or not, and are not found by what is hidden', async () => {
    const served = await start({ collections: shy })
    await served.put(customer('a', { notes: 'a secret', phone: '1' }))
    for (const document of [KNOWN, OTHER]) {
      expect((await served.changes(boss, document)).page.changed).toMatchObject([{ notes: 'a secret' }])
      expect((await served.changes(ann, document)).page.changed).toMatchObject([{ notes: null, phone: '1' }])
      const scopes = [{ type: 'Customer', where: { notes: 'a secret' } }]
      const { errors } = await served.changes(ann, document, { scopes })
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'scopes[0].where.notes' } }])
    }
    const single = '{ customers { nodes { notes } } customer(id: "a") { notes } }'
    expect((await ask(served.url, ann, single)).data).toEqual({
      customers: { nodes: [{ notes: null }] },
      customer: { notes: null },
    })
    expect((await ask(served.url, boss, single)).data.customer).toEqual({ notes: 'a secret' })
  })

  it('are sent anew when the reader may see another part of them', async () => {
    let hidden: readonly string[] = []
    const served = await start({
      collections: [defineCollection('Customer', { owner: 'ownerId', mayRead: () => 'own', hides: () => hidden })],
    })
    await served.put(customer('a', { notes: 'a secret' }))
    const { page } = await served.changes(ann, OTHER)
    hidden = ['notes']
    const after = await served.changes(ann, OTHER, { since: page.cursor })
    expect(after.page).toMatchObject({ reset: true, changed: [{ notes: null }] })
  })

  it('are sent anew as part of a task too, when the device asks for tasks alone', async () => {
    let hidden: readonly string[] = []
    const served = await start({
      collections: [defineCollection('Customer', { owner: 'ownerId', mayRead: () => 'own', hides: () => hidden })],
    })
    const conflict = {
      ...{ type: 'Customer', id: 'a', fields: ['notes'], theirsVersion: 2, theirsBy: null, theirsAt: 'now' },
      ...{ base: { notes: 'base' }, mine: { notes: 'mine' }, theirs: { notes: 'a secret' } },
    }
    const states = { name: 'updateCustomer', status: 'CONFLICT', progress: 1, steps: [], reconciliation: [] }
    const task = record('Task', 't', { ...states, conflict, rejection: null, __user: 'ann' })
    await served.put(customer('a', { notes: 'a secret' }), task)
    const scopes = [{ type: 'Task' }]
    for (const document of [KNOWN, OTHER]) {
      hidden = []
      const { page } = await served.changes(ann, document, { scopes })
      expect(page.changed).toMatchObject([{ conflict: { theirs: { notes: 'a secret' } } }])
      hidden = ['notes']
      const after = await served.changes(ann, document, { scopes, since: page.cursor })
      expect(after.page).toMatchObject({ reset: true, changed: [{ conflict: { theirs: {} } }] })
      expect(JSON.stringify(after.page)).not.toContain('a secret')
    }
  })
})

describe('a new version of the document', () => {
  const NEXT = clientOperations.replace('vacationStatus: status', 'bookingStatus: status')
  const rows = (path: string): { change: number; type: string; text: string | null; shape: string | null }[] => {
    const database = new Database(path, { readonly: true })
    const found = database.prepare('select change, type, text, shape from record order by change').all()
    database.close()
    return found as ReturnType<typeof rows>
  }

  it('is answered at once, and the texts are made anew in the background without being sent again', async () => {
    const first = await start()
    const vacation = {
      ownerId: 'ann',
      customerId: 'a',
      status: 'BOOKED',
      startsOn: '2027-01-01',
      endsOn: '2027-01-02',
      travellers: 1,
    }
    await first.put(
      ...Array.from({ length: 450 }, (_, index) => customer(`c${index}`)),
      record('Vacation', 'v', vacation),
    )
    const { cursor } = (await first.changes(ann, KNOWN)).page
    const before = rows(first.path)
    await first.close()
    const second = await start({ changesDocument: NEXT, path: first.path })
    const { page, ready } = await second.changes(ann, sent(NEXT), { scopes: [{ type: 'Vacation' }] })
    expect(ready).toBe(true)
    expect(page.changed).toMatchObject([{ bookingStatus: 'BOOKED' }])
    // Housekeeping begins with the start.
    await expect.poll(() => rows(first.path).at(-1)?.text).toContain('bookingStatus')
    const after = rows(first.path)
    expect(after.map(({ change, type }) => [change, type])).toEqual(before.map(({ change, type }) => [change, type]))
    // A customer looks as before: its text stays.
    expect(after[0]).toEqual(before[0])
    expect((await second.changes(ann, sent(NEXT), { since: cursor })).page).toMatchObject({ changed: [], reset: false })
  })

  it('rows written by a gateway without a document get their texts from the next one that has it', async () => {
    const first = await start()
    await first.put(customer('a'))
    await expect.poll(() => rows(first.path)[0]?.text).toBeTruthy()
    await first.close()
    const plain = sqlite(first.path)
    await plain.open()
    await plain.write(NORTH, async unit =>
      unit.put(customer('a', { name: 'again' }), { keepVersion: false, writtenBy: null }),
    )
    await plain.close()
    expect(rows(first.path)[0]?.text).toBeNull()
    await start({ path: first.path })
    await expect.poll(() => rows(first.path)[0]?.text).toContain('again')
  })
})

describe('a changesDocument', () => {
  it.each([
    ['holds no changes', 'query A { task(id: "1") { id } }', 'it must hold one'],
    ['holds two', 'query A { changes { cursor } } query B { changes { cursor } }', 'it must hold one'],
    ['does not fit the schema', 'query A { changes { nothing } }', 'does not fit the schema'],
  ])('that %s is refused when the gateway is made', async (_, changesDocument, message) => {
    await expect(start({ changesDocument })).rejects.toThrow(message)
  })

  it('that asks for more than stored fields is executed normally', async () => {
    const changesDocument =
      'query A($first: Int!) { changes(first: $first) { changed { id ... on Vacation { customer { id } } } } }'
    const served = await start({ changesDocument })
    await served.put(customer('a'))
    const document = print(new InMemoryCache().transformDocument(parse(changesDocument)))
    expect(await served.changes(ann, document)).toMatchObject({ ready: false, page: { changed: [{ id: 'a' }] } })
  })
})
