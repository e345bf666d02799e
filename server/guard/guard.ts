/** One guard for every road into the gateway: HTTP, WebSocket, or whatever server the owner puts before the schema. */
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { MAX_TASKS_PER_DOCUMENT } from '../../protocol/index.ts'
import { checkTaskCount } from '../batch.ts'
import type { DocumentLimits } from './limits.ts'
import { checkText, tooComplex } from './source.ts'
import { type Measure, measureAll, measureOperation, type OperationMeasure } from './structure.ts'
import { checkVariables } from './variables.ts'

/** A document as it came in. */
export interface Unread {
  readonly query: string
  readonly variables?: unknown
}

export interface Guard {
  readonly limits: DocumentLimits
  /**
   * Before anything else is done with it. Throws DOCUMENT_TOO_COMPLEX or TOO_MANY_TASKS, or BAD_USER_INPUT for variables that
   * no honest client sends. Says nothing of a text that cannot be parsed: that is the parser's to say.
   */
  screen(unread: Unread): void
  /** Screens, parses and validates; answers with what is wrong instead of throwing. For roads without Apollo Server. */
  read(unread: Unread, options: { introspection: boolean }): DocumentNode | readonly GraphQLError[]
  /** How many tasks a document asks for. Throws TOO_MANY_TASKS or DOCUMENT_TOO_COMPLEX. */
  weigh(document: DocumentNode, operation: OperationDefinitionNode): number
}

/** Errors of one document that are answered; further ones would only tell a stranger more, and cost more. */
export const MAX_ERRORS = 5

/** The usual introspection query of tools is 13 deep and has some 200 fields. Where introspection is off, validation refuses it. */
const INTROSPECTION = { depth: 20, fields: 500, aliases: 20, directives: 20 } as const

export function guardOf(schema: GraphQLSchema, limits: DocumentLimits): Guard {
  const tasks = taskFields(schema)
  const mutations = schema.getMutationType()?.name
  // Apollo Server keeps parsed documents: each is measured once.
  const measured = new WeakMap<OperationDefinitionNode, OperationMeasure>()
  const passed = new RecentTexts()
  /** Validation compares fields in pairs, those of unused fragments too: it gets no document that is too wide. */
  const check = (document: DocumentNode): void => {
    for (const measure of measureAll(document, { isTask: field => tasks.has(field), mutations })) {
      checkTaskCount(measure.tasks)
      checkMeasure(measure, limits)
    }
  }
  return {
    limits,
    screen({ query, variables }) {
      checkVariables(variables, limits.nesting)
      if (passed.has(query)) return
      checkText(query, limits)
      const document = parsed(query, limits)
      if (document instanceof GraphQLError) return
      check(document)
      passed.add(query)
    },
    read({ query, variables }, { introspection }) {
      try {
        checkVariables(variables, limits.nesting)
        checkText(query, limits)
        const document = parsed(query, limits)
        if (document instanceof GraphQLError) return [coded(document, 'GRAPHQL_PARSE_FAILED')]
        check(document)
        const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule]
        const options = { maxErrors: MAX_ERRORS, hideSuggestions: !introspection }
        const problems = validate(schema, document, rules, options)
        return problems.length === 0 ? document : problems.map(each => coded(each, 'GRAPHQL_VALIDATION_FAILED'))
      } catch (error) {
        if (error instanceof GraphQLError) return [error]
        throw error
      }
    },
    weigh(document, operation) {
      let measure = measured.get(operation)
      if (measure === undefined) {
        measure = measureOperation(document, operation, field => tasks.has(field))
        measured.set(operation, measure)
      }
      checkTaskCount(measure.tasks)
      checkMeasure(measure, limits)
      return measure.tasks
    },
  }
}

const KEPT_TEXTS = 256
const LONGEST_KEPT = 32_768

/** Texts that were let through not long ago: a client sends few different ones, again and again. */
class RecentTexts {
  readonly #texts = new Set<string>()

  has(text: string): boolean {
    if (!this.#texts.delete(text)) return false
    this.#texts.add(text) // Newest last.
    return true
  }

  add(text: string): void {
    if (text.length > LONGEST_KEPT) return
    this.#texts.add(text)
    const [oldest] = this.#texts
    if (this.#texts.size > KEPT_TEXTS && oldest !== undefined) this.#texts.delete(oldest)
  }
}

/** Names of the mutation fields that are tasks: they return a TaskPayload. */
function taskFields(schema: GraphQLSchema): ReadonlySet<string> {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {})
  const isPayload = ({ name }: { name: string }): boolean => name === 'TaskPayload'
  return new Set(
    fields
      .filter(({ type }) => {
        const named = getNamedType(type)
        return isObjectType(named) ? named.getInterfaces().some(isPayload) : isAbstractType(named) && isPayload(named)
      })
      .map(({ name }) => name),
  )
}

function parsed(query: string, { tokens }: DocumentLimits): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens: tokens })
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}

/**
 * A replayed queue is a hundred aliases, so no plain alias limit fits: each task obeys the limits by itself and is charged a
 * hundredth of what it asks for to the document, which obeys them too.
 */
function checkMeasure({ task, allTasks, introspection, rest }: OperationMeasure, limits: DocumentLimits): void {
  const charged = (name: 'fields' | 'aliases' | 'directives'): number =>
    rest[name] + allTasks[name] / MAX_TASKS_PER_DOCUMENT
  const whole = {
    depth: rest.depth,
    fields: charged('fields'),
    aliases: charged('aliases'),
    directives: charged('directives'),
  }
  check(whole, limits, 'asks for')
  check(task, limits, 'has a task that asks for')
  check(introspection, INTROSPECTION, 'asks of the schema for')
}

function check(measure: Measure, limits: Measure, what: string): void {
  if (measure.depth > limits.depth)
    throw tooComplex(`${what} fields ${measure.depth} deep; ${limits.depth} are allowed`)
  for (const name of ['fields', 'aliases', 'directives'] as const) {
    if (measure[name] > limits[name]) throw tooComplex(`${what} more than ${limits[name]} ${name}`)
  }
}

export const coded = (error: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions: { ...error.extensions, code },
  })
