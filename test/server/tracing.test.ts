/** Spans of real bookings, as an OpenTelemetry exporter gets them. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, type ContextManager, context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { agent, BOOK, booking, newCustomer, startWorld, uuid, type World } from '../support/world.ts'

/** What @opentelemetry/sdk-node brings for Node. */
class Contexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }
  with<A extends unknown[], F extends (...values: A) => ReturnType<F>>(
    active: Context,
    run: F,
    self?: ThisParameterType<F>,
    ...values: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => run.apply(self as object, values))
  }
  bind<Target>(_: Context, target: Target): Target {
    return target
  }
  enable(): this {
    return this
  }
  disable(): this {
    this.#storage.disable()
    return this
  }
}

const exporter = new InMemorySpanExporter()
const me = agent('agent-SECRET-user')
const secrets = { name: 'SECRET-name', email: 'secret-mail@SECRET-host.example', notes: 'SECRET-notes' }
let world: World

beforeAll(async () => {
  context.setGlobalContextManager(new Contexts())
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  world = await startWorld({ environment: { TASK_WAIT_MS: '20000' } })
})
afterAll(async () => {
  await world.close()
  trace.disable()
  context.disable()
})
afterEach(() => world.sandbox.control.clearFaults())

/** Books, and gives the span of the task and those below it, in the order of their ends. */
async function traced(input: object = {}): Promise<{ root: ReadableSpan; below: ReadableSpan[] }> {
  const id = uuid()
  const customer = await newCustomer(world, me, secrets)
  await world.ask(me, BOOK, { task: { id }, input: booking(customer, input) })
  const find = (): ReadableSpan | undefined =>
    exporter.getFinishedSpans().find(({ attributes }) => attributes['layover.reference'] === id)
  await expect.poll(find).toBeDefined()
  const root = find()!
  const below = exporter
    .getFinishedSpans()
    .filter(({ parentSpanContext }) => parentSpanContext?.spanId === root.spanContext().spanId)
  return { root, below }
}

const line = ({ name, attributes, status }: ReadableSpan): string =>
  [name, attributes['layover.outcome'], ...(status.code === SpanStatusCode.ERROR ? [status.message] : [])].join(' | ')

it('a booking is one span with a child for each step', async () => {
  const { root, below } = await traced()
  expect(line(root)).toBe('task bookVacation | CONFIRMED')
  expect(below.map(line)).toEqual(['step hotel | done', 'step flight | done', 'step car | done', 'step mail | done'])
  expect(below[0]?.attributes).toEqual({
    'layover.task': 'bookVacation',
    'layover.step': 'hotel',
    'layover.outcome': 'done',
  })
  expect(new Set(below.map(span => span.spanContext().traceId))).toEqual(new Set([root.spanContext().traceId]))
})

it('a refusal is an outcome, and what is undone for it is seen', async () => {
  world.sandbox.control.setStock('flight-lisbon-2', 0)
  const { root, below } = await traced({ flightOfferId: 'flight-lisbon-2' })
  expect(line(root)).toBe('task bookVacation | REJECTED')
  expect(below.map(line)).toEqual(['step hotel | done', 'step flight | rejected', 'undo hotel | undone'])
})

it('a call without an answer is an error, by its code', async () => {
  world.sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'error-500', times: 1 } as never)
  const { root, below } = await traced()
  expect(line(root)).toBe('task bookVacation | CONFIRMED')
  expect(below.map(line).slice(0, 2)).toEqual(['step hotel | unknown | unknown', 'step hotel | done'])
})

it('a task in one transaction is a span of its own', async () => {
  await newCustomer(world, me)
  expect(exporter.getFinishedSpans().map(line)).toContain('task createCustomer | CONFIRMED')
})

it('none of them holds a value that anybody gave', async () => {
  await traced()
  const all = exporter
    .getFinishedSpans()
    .map(({ name, attributes, status, events }) => ({ name, attributes, status, events }))
  expect(all.length).toBeGreaterThan(5)
  expect(JSON.stringify(all)).not.toMatch(/secret/i)
  const keys = new Set(all.flatMap(({ attributes }) => Object.keys(attributes)))
  expect([...keys].sort()).toEqual(['layover.outcome', 'layover.reference', 'layover.step', 'layover.task'])
})
