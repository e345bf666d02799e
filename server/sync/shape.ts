/**
 * What a `changes` document makes of a record, compiled: the text of a record can then be made when it is written, and a page
 * is those texts one after the other. Only what is a mere projection of the stored fields compiles; anything else (arguments,
 * directives, fields with a resolver of their own, nested interfaces and unions) is left to normal execution.
 */
import { createHash } from 'node:crypto'
import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import type { PlainFields } from '../plain-fields.ts'
import { type Fragments, fieldsOf, NotPlain } from './selected-fields.ts'

/** What becomes of one value. Throws where execution would report an error. */
type Complete = (value: unknown) => unknown

export interface Shape {
  /** Equal when, and only when, equal records get equal texts. */
  readonly id: string
  /** Throws where execution would report an error. */
  project(source: Readonly<Record<string, unknown>>): Record<string, unknown>
}

interface Compiled {
  readonly id: string
  readonly complete: Complete
}

/** Part of every shape's id: texts made by an older way of making them are made anew. */
const WAY = 1

/** Throws NotPlain. */
export class ShapeCompiler {
  readonly schema: GraphQLSchema
  readonly #fields: PlainFields
  readonly #fragments: Fragments

  constructor(schema: GraphQLSchema, fields: PlainFields, fragments: Fragments) {
    this.schema = schema
    this.#fields = fields
    this.#fragments = fragments
  }

  shape(type: GraphQLObjectType, parents: readonly FieldNode[], leaveOut: readonly string[] = []): Shape {
    const id: unknown[] = [type.name]
    const parts: [key: string, name: string, complete: Complete][] = []
    for (const [key, nodes] of fieldsOf(this.schema, type, parents, this.#fragments)) {
      const name = nodes[0]?.name.value ?? ''
      if (leaveOut.includes(name)) continue
      if (name === '__typename') {
        id.push([key, name])
        parts.push([key, name, () => type.name])
        continue
      }
      const field = this.#fields(type.name, name)
      if (field === undefined) throw new NotPlain(`${type.name}.${name} has arguments or a resolver of its own`)
      const compiled = this.#complete(field.type, nodes)
      id.push([key, name, compiled.id])
      parts.push([key, name, compiled.complete])
    }
    return {
      id: createHash('sha256')
        .update(JSON.stringify([WAY, id]))
        .digest('base64url')
        .slice(0, 22),
      project(source) {
        // As graphql does it: without a prototype, any key is only a key.
        const result: Record<string, unknown> = Object.create(null)
        for (const [key, name, complete] of parts) result[key] = complete(source[name])
        return result
      },
    }
  }

  #complete(type: GraphQLOutputType, nodes: readonly FieldNode[]): Compiled {
    if (isNonNullType(type)) {
      const { id, complete } = this.#complete(type.ofType, nodes)
      return { id: `${id}!`, complete: value => complete(value) ?? missing() }
    }
    if (isListType(type)) {
      const { id, complete } = this.#complete(type.ofType, nodes)
      return {
        id: `[${id}]`,
        complete: value => (value == null ? null : Array.isArray(value) ? value.map(complete) : missing()),
      }
    }
    if (isLeafType(type)) {
      const names = isEnumType(type) ? type.getValues().map(({ name, value }) => [name, value]) : []
      return {
        id: JSON.stringify([type.name, names]),
        complete: value => (value == null ? null : (type.serialize(value) ?? missing())),
      }
    }
    if (!isObjectType(type)) throw new NotPlain(`${type.name} may be of several types`)
    const { id, project } = this.shape(type, nodes)
    return {
      id,
      complete: value =>
        value == null ? null : typeof value === 'object' ? project(value as Record<string, unknown>) : missing(),
    }
  }
}

/** A value is not what the schema promises: execution says how. */
function missing(): never {
  throw new NotPlain('a value does not fit its type')
}
