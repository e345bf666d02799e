/**
 * What `client.mutate` does with a registered mutation: the tentative answer at once, the entry on the device before anything
 * is sent and before the promise resolves, and the gateway's own answer if it comes soon.
 *
 * Not an Apollo link: every emission of a link is written to the base of the cache and runs `update`.
 */
import { type ApolloClient, CombinedGraphQLErrors, type RefetchQueriesInclude } from '@apollo/client'
import { type GraphQLFormattedError, getOperationAST } from 'graphql'
import type { Clock, Random } from '../protocol/ports.ts'
import type { Deliveries } from './deliveries.ts'
import type { AnyRecord, Overlay, StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import type { Report } from './listeners.ts'
import { namedBy } from './named-dependencies.ts'
import type { OptimisticLayer } from './optimistic.ts'
import type { OutboxQueue } from './outbox.ts'
import { isTentative } from './outbox-states.ts'
import type { Delivery } from './settle.ts'
import { squash } from './squash.ts'
import type { TaskDefinition } from './task.ts'
import type { TemporaryIds } from './temporary-ids.ts'
import type { TentativeChanges } from './tentative-changes.ts'

type Fields = Record<string, unknown>

export interface MutatePorts {
  readonly client: ApolloClient
  readonly clock: Clock
  readonly random: Random
  readonly definitions: ReadonlyMap<string, TaskDefinition>
  readonly queue: OutboxQueue
  readonly layer: OptimisticLayer
  readonly changes: TentativeChanges
  readonly deliveries: Deliveries
  readonly temporaryIds: TemporaryIds
  /** Milliseconds to wait for the gateway's answer. */
  readonly answerWithinMs: number
  /** Whether an answer may come soon. */
  readonly isReachable: () => boolean
  readonly isClosed: () => boolean
  readonly kick: () => void
  readonly report: Report
}

/** A task on its way in. */
export interface Enqueued {
  readonly id: string
  /** The tentative answer, completed from the records on the device. */
  readonly data: Fields
  /** At once when nothing will come soon. */
  readonly delivered: Promise<Delivery>
}

export interface Given extends Pick<TaskDefinition, 'optimistic' | 'update'> {
  readonly overlay?: Overlay | undefined
  /** Whether a full outbox refuses it; default true. */
  readonly isLimited?: boolean
  /** Ids of entries that it builds on beside those that its variables tell of. */
  readonly named?: readonly string[]
}

/** Shows it, stores it, and only then lets it out. Rejects with OUTBOX_FULL, STORAGE_FAILED and with what the application's functions throw; then nothing of it remains. */
export async function enqueue(
  ports: MutatePorts,
  definition: TaskDefinition,
  variables: Fields,
  { overlay, isLimited, named = [], ...given }: Given,
): Promise<Enqueued> {
  const { queue, layer, changes, deliveries, random, temporaryIds } = ports
  if (ports.isClosed()) throw new LayoverError('CLOSED', `${definition.name} was not queued: the client was closed.`)
  const id = random.uuid()
  const wanted = temporaryIds.replaceIn(plain(variables, definition.name))
  const merged = squash(ports, definition, id, wanted, queue.afterOf(wanted, { named }), { overlay, ...given }, plain)
  if (merged) {
    const { data, delivered, stored } = merged
    try {
      await stored
    } catch (error) {
      if (!(error instanceof LayoverError && error.code === 'FENCED')) throw error
      // Another tab leads: there it is a task of its own.
      return enqueue(ports, definition, variables, { overlay, isLimited: isLimited ?? true, named, ...given })
    }
    return awaited(id, data, delivered)
  }
  changes.give(id, given)
  const draft = drafted()
  queue.storing.notify()
  const isShown = isTentative(draft.status)
  try {
    const change = changes.of(draft)!
    const data = isShown ? layer.add(change) : change.result
    // Asked for before it can be answered.
    const delivered = deliveries.wait(id)
    await stored()
    return awaited(id, data, delivered)
  } catch (error) {
    queue.drop(draft)
    changes.forget(id)
    deliveries.deliver(id, { kind: 'waiting' })
    throw error
  }

  function drafted(): StoredEntry {
    const { name, text, migrations } = definition
    const beside = { ...(overlay ? { overlay } : {}), ...(named.length > 0 ? { named } : {}) }
    try {
      return queue.draft(
        { id, name, document: text, variables: wanted, version: migrations.length, ...beside },
        isLimited,
      )
    } catch (error) {
      changes.forget(id)
      throw error
    }
  }

  function awaited(id: string, data: Fields, delivered: Promise<Delivery>): Enqueued {
    const entry = queue.get(id)
    const giveUp = (): void => deliveries.deliver(entry?.id ?? id, { kind: 'waiting' })
    const withdraw = ports.clock.after(ports.answerWithinMs, giveUp)
    void delivered.then(withdraw)
    if (!entry || entry.status === 'blocked' || !ports.isReachable()) giveUp()
    ports.kick()
    return { id, data, delivered }
  }

  async function stored(): Promise<void> {
    try {
      await queue.append(draft, isShown)
    } catch (error) {
      if (isShown) layer.change({ remove: [id] })
      throw error
    }
  }
}

/** Puts the outbox before `client.mutate`. In Apollo Client 4.3 that is a field of the instance, so `useMutation` comes this way, too. */
export function overrideMutate(ports: MutatePorts): void {
  const { client, definitions } = ports
  const base = client.mutate
  client.mutate = ((options: ApolloClient.MutateOptions<AnyRecord, AnyRecord>) => {
    const definition = definitions.get(getOperationAST(options.mutation)?.name?.value ?? '')
    return definition ? mutateTask(ports, definition, options) : base(options)
  }) as typeof base
}

async function mutateTask(
  ports: MutatePorts,
  definition: TaskDefinition,
  options: ApolloClient.MutateOptions<AnyRecord, AnyRecord>,
): Promise<ApolloClient.MutateResult<AnyRecord>> {
  const { task: _filledByTheClient, ...variables } = options.variables ?? {}
  const named = namedBy(ports.queue, options.context)
  const { id, data, delivered } = await enqueue(ports, definition, variables, { ...givenBy(options), named })
  refetchOnceConfirmed(ports, id, options)
  const delivery = await delivered
  const { queue } = ports
  const status = queue.get(id)?.status ?? queue.outcomeOf(id)?.status ?? 'confirmed'
  const extensions = { layover: { id, status } }
  // An accepted task's payload says nothing yet: the tentative one does.
  if (delivery.kind === 'waiting' || delivery.verdict === 'accepted') return { data, extensions }
  return answered(delivery.data, delivery.errors, extensions, errorPolicyOf(ports.client, options))
}

function answered(
  data: Fields,
  errors: readonly GraphQLFormattedError[],
  extensions: Record<string, unknown>,
  policy: 'none' | 'all' | 'ignore',
): ApolloClient.MutateResult<AnyRecord> {
  if (errors.length === 0 || policy === 'ignore') return { data, extensions }
  const error = new CombinedGraphQLErrors({ data, errors: [...errors], extensions })
  if (policy === 'none') throw error
  return { data, error, extensions }
}

function errorPolicyOf(client: ApolloClient, { errorPolicy }: { errorPolicy?: unknown }): 'none' | 'all' | 'ignore' {
  const policy = errorPolicy ?? client.defaultOptions.mutate?.errorPolicy
  return policy === 'all' || policy === 'ignore' ? policy : 'none'
}

function givenBy({ optimisticResponse, update }: ApolloClient.MutateOptions<AnyRecord, AnyRecord>): Given {
  const ignore = Symbol('ignore')
  return {
    optimistic:
      optimisticResponse === undefined
        ? undefined
        : variables => {
            const foreseen: unknown =
              typeof optimisticResponse === 'function'
                ? optimisticResponse(variables, { IGNORE: ignore as never })
                : optimisticResponse
            return foreseen === ignore ? undefined : foreseen
          },
    update: update && ((cache, result, variables) => update(cache, result, { variables })),
  }
}

function refetchOnceConfirmed(
  { client, queue, report }: MutatePorts,
  id: string,
  { refetchQueries, onQueryUpdated }: ApolloClient.MutateOptions<AnyRecord, AnyRecord>,
): void {
  if (refetchQueries === undefined) return
  void queue
    .settled(id)
    .then(async outcome => {
      if (outcome.status !== 'confirmed') return
      const include =
        typeof refetchQueries === 'function' ? refetchQueries({ data: outcome.data } as AnyRecord) : refetchQueries
      await client.refetchQueries({
        include: include as RefetchQueriesInclude,
        ...(onQueryUpdated ? { onQueryUpdated } : {}),
      })
    })
    .catch(error =>
      report(
        new LayoverError('UNREACHABLE', 'A query could not be fetched again after its task was confirmed.', error),
      ),
    )
}

/** As it will be after a restart, and out of reach of whoever changes the object later. Throws BAD_VARIABLES. */
export function plain(variables: object, name: string): Fields {
  try {
    return JSON.parse(JSON.stringify(variables))
  } catch (error) {
    throw new LayoverError(
      'BAD_VARIABLES',
      `The variables of ${name} cannot be stored: JSON does not know all their values.`,
      error,
    )
  }
}
