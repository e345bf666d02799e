/** Pages of `changes` put together from ready texts, for the one document that the application's devices send. */
import type { DocumentNode, GraphQLSchema } from 'graphql'
import type { PlainFields } from '../plain-fields.ts'
import { type Presenter, presented } from '../present.ts'
import type { EntityRecord, Renderer } from '../store/store.ts'
import type { Viewer } from '../viewer.ts'
import { type ChangesDocument, compileDocument, knownDocument } from './changes-document.ts'
import { type DeltaOptions, readPage } from './delta.ts'
import type { Shape } from './shape.ts'

export interface ReadyPages {
  /** For the store: makes the text of a record when it is written. */
  readonly renderer: Renderer
  /** undefined: the document has to be executed normally. */
  answer(viewer: Viewer, request: ReadyRequest, options: DeltaOptions): Promise<ReadyAnswer | undefined>
}

export interface ReadyRequest {
  /** Parsed and validated; the same object for the same text. */
  readonly document: DocumentNode
  readonly variables: Readonly<Record<string, unknown>>
}

/** `data` of the answer is an object with this one key, and the value is JSON already. */
export interface ReadyAnswer {
  readonly key: string
  readonly text: string
}

interface ReadySetting {
  readonly document: string | DocumentNode
  readonly schema: GraphQLSchema
  readonly fields: PlainFields
  readonly types: readonly string[]
  readonly presenter: Presenter
}

/** undefined: the document compiles to no projection. Throws when it is no document of this schema. */
export function readyPagesOf({ document, presenter, ...setting }: ReadySetting): ReadyPages | undefined {
  const known = compileDocument(knownDocument(document, setting.schema), setting)
  if (known === undefined) return undefined
  const compiled = new WeakMap<DocumentNode, ChangesDocument | null>()
  const asKnown = (sent: DocumentNode): ChangesDocument | null => {
    let found = compiled.get(sent)
    if (found === undefined) {
      const other = compileDocument(sent, setting)
      // The sent one keeps its own variables; what they make of an answer is the same.
      found = other?.id === known.id ? other : null
      compiled.set(sent, found)
    }
    return found
  }
  return {
    renderer: {
      shapes: known.id,
      shapeOf: type => known.shapes.get(type)?.id ?? null,
      text: entity => (presenter.isSameForAll(entity) ? textOf(known.shapes, entity) : null),
    },
    async answer(viewer, { document: sent, variables }, options) {
      const plan = asKnown(sent)
      const wanted = plan?.argumentsOf(variables)
      if (plan == null || wanted === undefined) return undefined
      const shapeOf = (type: string): string | null =>
        presenter.seesAll(viewer, type) ? (known.shapes.get(type)?.id ?? null) : null
      const { rows, ...page } = await readPage(viewer, wanted, options, shapeOf)
      const texts: string[] = []
      for (const { ready, body } of rows) {
        if (ready) texts.push(body)
        else {
          const text = textOf(known.shapes, await presented(presenter, viewer, JSON.parse(body) as EntityRecord))
          if (text === null) return undefined
          texts.push(text)
        }
      }
      return { key: plan.key, text: plan.print(page, texts) }
    },
  }
}

/** null: the record is not what the schema promises; execution says how. */
function textOf(shapes: ReadonlyMap<string, Shape>, entity: EntityRecord): string | null {
  const shape = shapes.get(entity.__typename)
  if (shape === undefined) return null
  try {
    return JSON.stringify(shape.project(entity))
  } catch {
    // A scalar refused its value: whatever it threw, execution throws it again and reports it.
    return null
  }
}
