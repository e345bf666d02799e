/** What a document may ask for: the limits, what they let through, and that they hold before anything of it is run. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ApolloServer, HeaderMap } from '@apollo/server'
import fc from 'fast-check'
import { getIntrospectionQuery, Lexer, parse, print, Source, TokenKind } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createExamples } from '../../client/playground/examples.ts'
import type { GatewayContext } from '../../server/context.ts'
import { DEFAULT_LIMITS, limitsOf } from '../../server/guard/limits.ts'
import { measureText } from '../../server/guard/source.ts'
import { createGateway, jwtAuthenticator } from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { vacationSdl } from '../../server/vacation/__generated__/vacation-sdl.ts'
import { agent, BOOK, SECRET, startWorld, TASK, temporaryDirectory, tokenFor, type World } from '../support/world.ts'

let world: World
const me = agent('agent-a')

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')

const codeOf = async (query: string, variables: object = {}): Promise<unknown> =>
  (await world.ask(me, query, variables)).errors[0]?.extensions?.['code']

/** Of a gateway that lets nobody in: what the guard says comes first, whoever asks. */
const read = (query: string, variables?: object) =>
  world.served.gateway.guard.read({ query, variables }, { introspection: true })

const unlimited = { tokens: Number.POSITIVE_INFINITY, nesting: Number.POSITIVE_INFINITY }

describe('the text is measured before it is parsed', () => {
  /** As graphql counts, up to the place where it gives up. */
  function lexed(text: string): { tokens: number; whole: boolean } {
    const lexer = new Lexer(new Source(text))
    let tokens = 0
    try {
      while (lexer.advance().kind !== TokenKind.EOF) tokens += 1
      return { tokens, whole: true }
    } catch {
      return { tokens, whole: false }
    }
  }

  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      '"',
      '"""',
      '\\"""',
      '\\',
      '\\"',
      '#',
      '\n',
      '\r',
      ' ',
      ',',
      '\uFEFF',
      '...',
      '.',
      '..',
    ],
    ...[
      'name',
      '_a1',
      '-1',
      '0',
      '1.5e+3',
      '-0.1E-9',
      '1a',
      '$',
      '!',
      '&',
      ':',
      '=',
      '@',
      '|',
      'ü',
      '\t',
      '?',
      '-',
      '00',
    ],
  )

  it('as graphql itself would count its tokens, for any text', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
        const text = pieces.join('')
        const { tokens, whole } = lexed(text)
        const measured = measureText(text, unlimited).tokens
        if (whole) expect(measured).toBe(tokens)
        else expect(measured).toBeGreaterThanOrEqual(tokens)
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['a string', '{ a(b: "((((") }', 2],
    ['an escaped quote', '{ a(b: "\\"((((") }', 2],
    ['a block string', '{ a(b: """(( " (( \\""" ((""") }', 2],
    ['a comment', '{ a # ((((\n }', 1],
  ])('brackets in %s are none', (_, text, nesting) => {
    expect(measureText(text, unlimited).nesting).toBe(nesting)
  })

  it('and what comes after a string that was never closed counts again', () => {
    expect(measureText('{ a(b: "(((\n((((', unlimited).nesting).toBe(6)
  })

  it.each([
    ['selections', times(20_000, () => '{a')],
    ['lists', `{ a(b: ${'['.repeat(50_000)}`],
    ['objects', `{ a(b: ${times(20_000, () => '{b:')}`],
    ['types', `query ($a: ${'['.repeat(50_000)}`],
  ])('tens of thousands of nested %s never reach the recursive parser', async (_, query) => {
    expect(await codeOf(query)).toBe('DOCUMENT_TOO_COMPLEX')
  })
})

describe('what the client and its people send is let through', () => {
  const operations = parse(readFileSync('client/vacation/operations.graphql', 'utf8'))

  it('all operations of the web app at once', () => {
    expect(read(print(operations))).toHaveProperty('kind', 'Document')
  })

  it.each(
    createExamples().map(({ query }) => [/(?:query|mutation|subscription) (\w+)/.exec(query)?.[1], query] as const),
  )('the example %s of the playground', (_, query) => {
    expect(read(query)).toHaveProperty('kind', 'Document')
  })

  it('the introspection query of tools, at its longest', () => {
    const query = getIntrospectionQuery({
      inputValueDeprecation: true,
      oneOf: true,
      schemaDescription: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
    })
    expect(read(query)).toHaveProperty('kind', 'Document')
  })

  const variables = (count: number): string =>
    times(count, index => `$m${index}_task: TaskInput, $m${index}_input: BookVacationInput!`)
  const booking = (index: number): string => `m${index}: bookVacation(task: $m${index}_task, input: $m${index}_input)`
  const WRITTEN_OUT = `{ __typename ${TASK} vacation { id version status hotel { offerId confirmation price { amount currency } } flight { offerId confirmation price { amount currency } } car { offerId confirmation price { amount currency } } total { amount currency } } }`

  it('a replay of 100 tasks with one shared fragment', () => {
    const query = `mutation LayoverReplay(${variables(100)}) { ${times(100, index => `${booking(index)} { ...Answer }`)} }
      fragment Answer on BookVacationPayload ${WRITTEN_OUT}`
    expect(read(query)).toHaveProperty('kind', 'Document')
  })

  it('100 tasks, each with its selection written out', () => {
    const query = `mutation (${variables(100)}) { ${times(100, index => `${booking(index)} ${WRITTEN_OUT}`)} }`
    expect(read(query)).toHaveProperty('kind', 'Document')
  })

  it('100 tasks that stand in fragments of the mutation', () => {
    const query = `mutation (${variables(100)}) { ...Half ... on Mutation { ${times(50, index => `${booking(index + 50)} { ...Answer }`)} } }
      fragment Half on Mutation { ${times(50, index => `${booking(index)} { ...Answer }`)} }
      fragment Answer on BookVacationPayload ${WRITTEN_OUT}`
    expect(read(query)).toHaveProperty('kind', 'Document')
  })
})

describe('what is just within the limits is let through, and one more is refused', () => {
  const deep = (levels: number): string => `{ __schema ${'{ types '.repeat(levels)}{ name }${' }'.repeat(levels)} }`
  const TASK_FIELD = 'resolveConflict(conflictOf: "x", decision: KEEP_MINE)'
  const inTask = (selection: string): string => `mutation { ${TASK_FIELD} { task { ${selection} } } }`
  const { fields, aliases, directives } = DEFAULT_LIMITS
  const refusalOf = (query: string): unknown => {
    const answer = read(query)
    return 'kind' in answer ? undefined : answer[0]?.extensions['code']
  }

  it.each([
    ['fields', (count: number) => `{ ${times(count, () => '__typename')} }`, fields],
    [
      'fields in fragments',
      (count: number) => `{ ${times(count, () => '...A')} } fragment A on Query { __typename }`,
      fields,
    ],
    ['fields in inline fragments', (count: number) => `{ ${times(count, () => '... { __typename }')} }`, fields],
    ['aliases', (count: number) => `{ ${times(count, index => `a${index}: __typename`)} }`, aliases],
    [
      'aliases in a mutation that are no tasks',
      (count: number) => `mutation { ${times(count, index => `a${index}: __typename`)} }`,
      aliases,
    ],
    ['directives', (count: number) => `{ ${times(count, () => '... @skip(if: false) { __typename }')} }`, directives],
    ['fields of one task', (count: number) => inTask(times(count - 1, () => 'id')), fields],
    ['aliases in one task', (count: number) => inTask(times(count, index => `a${index}: id`)), aliases],
    [
      'directives in one task',
      (count: number) => inTask(times(count, () => '... @skip(if: false) { id }')),
      directives,
    ],
  ])('%s', (_, query, limit) => {
    expect(refusalOf(query(limit))).toBeUndefined()
    expect(refusalOf(query(limit + 1))).toBe('DOCUMENT_TOO_COMPLEX')
  })

  it('depth', () => {
    const nested = (depth: number): string => {
      const types = 'customers { nodes '
      return `{ ${types}${'{ a '.repeat(depth - 2)}${'}'.repeat(depth - 2)} } }`
    }
    // There is no type in the schema that goes so deep: what is let through is refused for its names.
    expect(refusalOf(nested(DEFAULT_LIMITS.depth).replace('{ }', ''))).not.toBe('DOCUMENT_TOO_COMPLEX')
    expect(refusalOf(nested(DEFAULT_LIMITS.depth + 1))).toBe('DOCUMENT_TOO_COMPLEX')
    expect(refusalOf(deep(19))).toBe('DOCUMENT_TOO_COMPLEX')
  })

  it('the tasks of a document, which have a code of their own', async () => {
    const tasks = (count: number): string =>
      `mutation { ${times(count, index => `m${index}: ${TASK_FIELD} { task { id } }`)} }`
    expect(refusalOf(tasks(100))).toBeUndefined()
    expect(refusalOf(tasks(101))).toBe('TOO_MANY_TASKS')
    expect((await world.ask(me, tasks(101))).status).toBe(400)
  })

  it('what many tasks ask for together is charged by the hundredth', () => {
    const withAliases = (count: number): string =>
      `mutation { ${times(100, index => `m${index}: ${TASK_FIELD} { task { ${times(count, each => `a${each}: id`)} } }`)} ${times(10, index => `b${index}: __typename`)} }`
    expect(refusalOf(withAliases(10))).toBeUndefined()
    expect(refusalOf(withAliases(11))).toBe('DOCUMENT_TOO_COMPLEX')
  })

  it('characters and tokens', () => {
    expect(refusalOf(`{ __typename } #${'x'.repeat(DEFAULT_LIMITS.characters - 16)}`)).toBeUndefined()
    expect(refusalOf(`{ __typename } #${'x'.repeat(DEFAULT_LIMITS.characters - 15)}`)).toBe('DOCUMENT_TOO_COMPLEX')
    expect(refusalOf(`{ a(b: [${'1 '.repeat(DEFAULT_LIMITS.tokens)}]) }`)).toBe('DOCUMENT_TOO_COMPLEX')
  })

  it('variables that are nested', async () => {
    const nested = (depth: number): unknown => JSON.parse(`${'[1,'.repeat(depth)}1${']'.repeat(depth)}`)
    expect(await codeOf('query ($x: JSON) { __typename }', { x: nested(DEFAULT_LIMITS.nesting) })).toBe(
      'DOCUMENT_TOO_COMPLEX',
    )
    expect(
      await codeOf('query ($x: Int) { customers(first: $x) { hasMore } }', {
        x: 1,
        y: nested(DEFAULT_LIMITS.nesting - 1),
      }),
    ).toBeUndefined()
  })
})

it('fragments that double 40 times are measured in no time', () => {
  const query = `{ ...F0 } ${times(40, index => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)} fragment F40 on Query { __typename }`
  const answer = read(query)
  expect('kind' in answer ? answer : answer[0]?.extensions['code']).toBe('DOCUMENT_TOO_COMPLEX')
})

it('an operation that is not asked for, and a fragment that nobody uses, are measured too', async () => {
  const wide = times(201, () => '__typename')
  expect(await codeOf(`query A { __typename } query B { ${wide} }`)).toBe('DOCUMENT_TOO_COMPLEX')
  expect(await codeOf(`{ __typename } fragment F on Query { ${wide} }`)).toBe('DOCUMENT_TOO_COMPLEX')
})

it('a fragment that spreads itself is what graphql says it is', async () => {
  expect(await codeOf('{ ...F } fragment F on Query { ...F }')).toBe('GRAPHQL_VALIDATION_FAILED')
})

it('what was let through once is let through again, and what was refused stays refused', async () => {
  const wide = `{ ${times(201, () => '__typename')} }`
  for (const query of [wide, wide]) expect(await codeOf(query)).toBe('DOCUMENT_TOO_COMPLEX')
  for (const query of ['{ __typename }', '{ __typename }']) expect(await codeOf(query)).toBeUndefined()
})

it('limits that make no sense stop the gateway from being made, by name', () => {
  expect(() => limitsOf({ depth: 0 })).toThrow('limits.depth: must be a whole number above 0')
  expect(() => limitsOf({ tokens: Number.NaN })).toThrow(/limits\.tokens/)
})

describe("an owner's own Apollo Server with gateway.plugin()", () => {
  const logged: unknown[] = []
  const log = (message: unknown): void => void logged.push(message)
  const directory = temporaryDirectory()
  const gateway = createGateway({
    store: sqlite(join(directory.path, 'owner.db')),
    typeDefs: vacationSdl,
    tasks: [],
    collections: [],
    authenticate: jwtAuthenticator({ secret: SECRET }),
    limits: { depth: 4 },
  })
  const apollo = new ApolloServer<GatewayContext>({
    schema: gateway.schema,
    plugins: [gateway.plugin()],
    formatError: gateway.formatError,
    logger: { debug: log, info: log, warn: log, error: log },
    stopOnTerminationSignals: false,
  })

  beforeAll(async () => {
    await gateway.start()
    await apollo.start()
    logged.length = 0
  })
  afterAll(async () => {
    await apollo.stop()
    await gateway.stop()
    directory.remove()
  })

  async function send(query: string): Promise<{ status: number | undefined; code: unknown }> {
    const authorization = `Bearer ${await tokenFor(me)}`
    const { status, body } = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: 'POST',
        headers: new HeaderMap([['content-type', 'application/json']]),
        search: '',
        body: { query },
      },
      context: () => gateway.context({ authorization }),
    })
    const { errors } = JSON.parse(body.kind === 'complete' ? body.string : '{}')
    return { status, code: errors?.[0]?.extensions.code }
  }

  it.each([
    ['20,000 nested brackets', times(20_000, () => '{a')],
    ['a document deeper than the limit it set', '{ customers { nodes { id } hasMore a { b { c { d } } } } }'],
    ['an alias flood', `{ ${times(500, index => `a${index}: __typename`)} }`],
  ])('answers %s with 400, and has nothing to log', async (_, query) => {
    expect(await send(query)).toEqual({ status: 400, code: 'DOCUMENT_TOO_COMPLEX' })
    expect(await send('{ __typename }')).toMatchObject({ code: undefined })
    expect(logged).toEqual([])
  })
})

it('books a vacation through all of it', async () => {
  expect(read(BOOK)).toHaveProperty('kind', 'Document')
})
