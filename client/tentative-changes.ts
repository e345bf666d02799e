/** From entries to their parts of the view, by what the application registered. */
import type { InMemoryCache } from '@apollo/client'
import type { AnyRecord, StoredEntry } from './entry.ts'
import type { TentativeChange } from './fitted-changes.ts'
import { LayoverError } from './layover-error.ts'
import type { Report } from './listeners.ts'
import type { TaskDefinition } from './task.ts'
import type { Templates } from './templates.ts'
import type { TemporaryIds } from './temporary-ids.ts'
import { recordsNamedIn } from './touched-records.ts'

type Fields = Record<string, unknown>

/** The view's part of an entry; undefined when no registration knows it. */
export class TentativeChanges {
  readonly #definitions: ReadonlyMap<string, TaskDefinition>
  readonly #templates: Templates
  readonly #temporaryIds: TemporaryIds
  readonly #report: Report
  /** What `mutate` was given for tasks of this session whose registration has none. */
  readonly #given = new Map<string, Pick<TaskDefinition, 'optimistic' | 'update'>>()

  constructor(
    definitions: ReadonlyMap<string, TaskDefinition>,
    templates: Templates,
    temporaryIds: TemporaryIds,
    report: Report,
  ) {
    this.#temporaryIds = temporaryIds
    this.#definitions = definitions
    this.#templates = templates
    this.#report = report
  }

  give(id: string, given: Pick<TaskDefinition, 'optimistic' | 'update'>): void {
    if (given.optimistic || given.update) this.#given.set(id, given)
  }

  forget(id: string): void {
    this.#given.delete(id)
  }

  /** Like `of`, for entries that are there already: what their functions throw is reported, and they do not show. */
  ofAll(entries: readonly StoredEntry[]): TentativeChange[] {
    return entries.flatMap(entry => {
      try {
        return this.of(entry) ?? []
      } catch (error) {
        this.#report(
          new LayoverError(
            'UPDATE_FAILED',
            `\`optimistic\` of the task ${entry.name} threw; its change is not shown.`,
            error,
          ),
        )
        return []
      }
    })
  }

  updateOf(entry: StoredEntry): TentativeChange['update'] {
    const definition = this.#definitions.get(entry.name)
    const update = definition?.update ?? this.#given.get(entry.id)?.update
    if (!definition || !update) return undefined
    const variables = migrated(entry, definition)
    return (cache: InMemoryCache, data: Fields) => update(cache, { data }, variables)
  }

  /** Throws what `optimistic` throws. */
  of(entry: StoredEntry): TentativeChange | undefined {
    const definition = this.#definitions.get(entry.name)
    if (!definition) return undefined
    const variables = migrated(entry, definition)
    const foreseen = this.#foreseen(entry, definition)
    const { document } = this.#templates.get(definition.text)
    return {
      id: entry.id,
      sequence: entry.sequence,
      name: entry.name,
      field: definition.field,
      queuedAt: entry.queuedAt,
      document,
      variables,
      result: withTask(foreseen ?? {}, definition, entry.id),
      update: this.updateOf(entry),
      overlay: entry.overlay,
    }
  }

  /** What the registration reads from a confirmed answer. What it throws is reported. */
  assignedIds(entry: StoredEntry, data: unknown): Record<string, unknown> | undefined {
    const definition = this.#definitions.get(entry.name)
    try {
      return definition?.assignedIds?.(data, migrated(entry, definition))
    } catch (error) {
      this.#report(new LayoverError('UPDATE_FAILED', `\`assignedIds\` of the task ${entry.name} threw.`, error))
      return undefined
    }
  }

  /** Ids of all records in the foreseen answer; undefined when none is foreseen. */
  recordsOf(entry: StoredEntry): ReadonlySet<string> | undefined {
    const foreseen = this.foreseenOf(entry)
    return foreseen && new Set(recordsNamedIn(foreseen).map(({ id }) => id))
  }

  /** The foreseen answer. A function that throws is dealt with where the change is made. */
  foreseenOf(entry: StoredEntry): Fields | undefined {
    const definition = this.#definitions.get(entry.name)
    if (!definition) return undefined
    try {
      return this.#foreseen(entry, definition)
    } catch {
      return undefined
    }
  }

  #foreseen(entry: StoredEntry, definition: TaskDefinition): Fields | undefined {
    const optimistic = definition.optimistic ?? this.#given.get(entry.id)?.optimistic
    const foreseen: unknown = optimistic?.(migrated(entry, definition))
    // A ready-made answer that `mutate` was given knows nothing of the server's ids.
    return isFields(foreseen) ? this.#temporaryIds.replaceIn(foreseen) : undefined
  }
}

/** The variables as the registration knows them now; what is sent of a task that was sent before stays as it was. */
export function migrated(entry: StoredEntry, definition: TaskDefinition): AnyRecord {
  return definition.migrations
    .slice(entry.version)
    .reduce((variables: AnyRecord, migrate) => migrate(variables), entry.variables)
}

function withTask(foreseen: Fields, { responseKey }: TaskDefinition, id: string): Fields {
  const payload = isFields(foreseen[responseKey]) ? foreseen[responseKey] : {}
  const given = isFields(payload['task']) ? payload['task'] : {}
  return { ...foreseen, [responseKey]: { ...payload, task: { ...given, __typename: 'Task', id } } }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
