/** The protocol's root fields beside the tasks. */
import { type Clock, ERROR_CODES, isClientId, MAX_PAGE, type TaskStatus } from '../protocol/index.ts'
import type { GatewayContext } from './context.ts'
import { refuse } from './errors.ts'
import type { Presenter } from './present.ts'
import type { Resolvers } from './schema.ts'
import type { Store } from './store/store.ts'
import { type ChangesArguments, changesFor, type DeltaOptions } from './sync/delta.ts'
import type { Pokes } from './sync/notify.ts'
import type { TaskRunner } from './tasks/runner.ts'
import { TASK_TYPE, taskKey } from './tasks/task.ts'
import { hasRole, tenantPartition, type Viewer } from './viewer.ts'

export interface ResolverSetting {
  readonly store: Store
  readonly presenter: Presenter
  readonly clock: Clock
  readonly runner: TaskRunner
  readonly delta: () => DeltaOptions
  readonly supervisorRole: string
  readonly pokes: Pokes
}

export function gatewayResolvers(setting: ResolverSetting): Resolvers {
  const { store, presenter, clock, supervisorRole } = setting
  const visibleTasksOf = (viewer: Viewer): string | null => (hasRole(viewer, supervisorRole) ? null : viewer.user)
  return {
    Query: {
      changes: (_: unknown, args: ChangesArguments, { viewer }: GatewayContext) =>
        changesFor(viewer, args, setting.delta()),
      task: async (_: unknown, { id }: { id: string }, { viewer }: GatewayContext) => {
        const own = await store.view.record(tenantPartition(viewer), TASK_TYPE, taskKey({ user: viewer.user, id }))
        if (own !== undefined) return own.deleted ? null : presenter.present(viewer, own.entity)
        const user = visibleTasksOf(viewer)
        const [found] = await store.view.tasks({
          partition: tenantPartition(viewer),
          user,
          ids: [id],
          after: 0,
          first: 1,
        })
        return found === undefined ? null : presenter.present(viewer, found.entity)
      },
      tasks: async (_: unknown, args: TasksArguments, { viewer }: GatewayContext) => {
        const first = pageSize(args.first)
        const found = await store.view.tasks({
          partition: tenantPartition(viewer),
          user: visibleTasksOf(viewer),
          after: taskCursor(args.after),
          first: first + 1,
          ...(args.ids ? { ids: args.ids } : {}),
          ...(args.status ? { status: args.status } : {}),
        })
        const page = found.slice(0, first)
        return {
          nodes: await Promise.all(page.map(({ entity }) => presenter.present(viewer, entity))),
          endCursor: page.at(-1)?.number.toString() ?? null,
          hasMore: found.length > first,
        }
      },
    },
    Subscription: {
      changesAvailable: {
        subscribe: (_: unknown, __: unknown, { viewer }: GatewayContext) => setting.pokes.subscribe(viewer, () => true),
        resolve: () => ({ at: new Date(clock.now()).toISOString() }),
      },
    },
    Mutation: {
      cancelTask: async (_: unknown, { id }: { id: string }, { viewer }: GatewayContext) => {
        if (!isClientId(id)) throw refuse(ERROR_CODES.BAD_USER_INPUT, 'id must be the id of a task.', { field: 'id' })
        const task = await setting.runner.withdraw(viewer, id)
        const record = await store.view.record(task.partition, TASK_TYPE, taskKey(task))
        return { task: record && (await presenter.present(viewer, record.entity)) }
      },
    },
  }
}

interface TasksArguments {
  readonly ids?: readonly string[] | null
  readonly status?: readonly TaskStatus[] | null
  readonly first: number
  readonly after?: string | null
}

function pageSize(first: number): number {
  if (first >= 1 && first <= MAX_PAGE) return first
  throw refuse(ERROR_CODES.BAD_USER_INPUT, `first must be from 1 to ${MAX_PAGE}.`, { field: 'first' })
}

function taskCursor(after: string | null | undefined): number {
  if (after == null) return 0
  if (/^\d{1,15}$/.test(after)) return Number(after)
  throw refuse(ERROR_CODES.BAD_USER_INPUT, 'after must be an endCursor of tasks.', { field: 'after' })
}
