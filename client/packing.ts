/** Packs tasks into one document, and takes its answer apart again. */
import type { DocumentNode, GraphQLFormattedError } from 'graphql'
import { answerOf, type Batches, type BatchItem } from './batch.ts'
import type { StoredEntry } from './entry.ts'
import type { OutboxQueue } from './outbox.ts'
import { type Answered, reasonOf, verdictOf } from './settle.ts'
import type { Template, Templates } from './templates.ts'

export interface PayloadTypes {
  get(name: string): string | undefined
  learn(name: string, type: string): void
}

export interface Packed extends BatchItem {
  readonly entry: StoredEntry
  readonly template: Template
}

export interface Unfit {
  readonly id: string
  readonly reason: string
}

export interface PackingPorts {
  readonly queue: OutboxQueue
  readonly templates: Templates
  readonly batches: Batches
  /** Payload types by operation name, as answers have told them. */
  readonly payloads: PayloadTypes
}

export class Packing {
  readonly #ports: PackingPorts

  constructor(ports: PackingPorts) {
    this.#ports = ports
  }

  /** `unfit` cannot be sent as they are. */
  pack(entries: readonly StoredEntry[]): { packed: Packed[]; unfit: Unfit[] } {
    const { queue, templates, payloads } = this.#ports
    const packed: Packed[] = []
    const unfit: Unfit[] = []
    for (const entry of entries) {
      try {
        const template = templates.get(entry.document)
        const { id, sequence, after, queuedAt } = entry
        const variables = { ...entry.variables, task: { id, client: queue.client, sequence, after, queuedAt } }
        packed.push({ entry, template, variables, payload: payloads.get(entry.name) })
      } catch (error) {
        unfit.push({
          id: entry.id,
          reason: reasonOf('UNKNOWN_TASK', error instanceof Error ? error.message : String(error)),
        })
      }
    }
    return { packed, unfit }
  }

  merge(packed: readonly Packed[]): { document: DocumentNode; variables: Record<string, unknown> } {
    return this.#ports.batches.merge(packed)
  }

  /** What the answer says of each. An error without a path is about every task that got no answer. */
  unpack(
    packed: readonly Packed[],
    data: Record<string, unknown> | null,
    errors: readonly GraphQLFormattedError[],
  ): Answered[] {
    const whole = errors.filter(error => error.path === undefined)
    return packed.map(({ entry, template }, index) => {
      const own = answerOf(index, template.responseKey, data, errors)
      const answer = own.errors.length === 0 && !own.value ? { ...own, errors: whole } : own
      const { value } = answer
      if (typeof value === 'object' && value !== null && '__typename' in value && typeof value.__typename === 'string')
        this.#ports.payloads.learn(entry.name, value.__typename)
      return { entry, template, answer, verdict: verdictOf(answer, entry.faults ?? 0) }
    })
  }
}
