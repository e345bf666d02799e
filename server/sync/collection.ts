import type { ConflictPolicy } from '../conflicts.ts'
import type { EntityRecord } from '../store/store.ts'
import type { TaskTransaction } from '../tasks/define-task.ts'
import type { ConflictReport, Rejected } from '../tasks/outcome.ts'
import { hasRole, SHARED_PARTITION, tenantPartition, type Viewer } from '../viewer.ts'

/** How far a viewer's right goes: every row of the partition, his own rows, or none. */
export type Reach = 'all' | 'own' | 'none'

/** One write to a record, merged and about to be made. */
export interface RecordChange {
  readonly id: string
  /** null: it is being created. */
  readonly before: EntityRecord | null
  /** null: it is being deleted. */
  readonly after: EntityRecord | null
}

export interface CollectionRules {
  /** Where the rows live; for one viewer always the same while it is subscribed. Default: the tenant's partition. */
  readonly partition?: (viewer: Viewer) => string
  /** Field that holds the owner's user id; without one the rows are everybody's in the partition. */
  readonly owner?: string
  /** Default: all. */
  readonly mayRead?: (viewer: Viewer) => Reach
  /** Default: as `mayRead`. */
  readonly mayWrite?: (viewer: Viewer) => Reach
  /** Fields that this viewer may not read; they are null to him, in records and in conflicts alike. Default: none. */
  readonly hides?: (viewer: Viewer) => readonly string[]
  /**
   * What becomes of a field that two people changed. All but 'none' keep every version up to the horizon as a base; 'none' is
   * for rows that only the gateway writes. Default: merge.
   */
  readonly conflict?: ConflictPolicy
  /** True for a conflict that its originator may not decide: the task goes to a supervisor (IN_REVIEW) at once. */
  readonly review?: (report: ConflictReport, viewer: Viewer) => boolean
  /** Refuses fields that no record may hold, whoever writes them: a task, a merge or a person's decision. */
  readonly check?: (fields: Readonly<Record<string, unknown>>, viewer: Viewer) => Rejected | undefined
  /**
   * Asked before each write, whoever makes it: a task, a merge or a person's decision. Refuses it, or writes in the same
   * transaction what has to change with it.
   */
  readonly beforeWrite?: (change: RecordChange, transaction: TaskTransaction) => Promise<Rejected | undefined>
}

export interface Collection {
  readonly type: string
  readonly owner: string | null
  readonly conflict: ConflictPolicy
  /** Earlier states are kept: its records can be merged, brought back and checked out. */
  readonly keepsVersions: boolean
  partition(viewer: Viewer): string
  mayRead(viewer: Viewer): Reach
  mayWrite(viewer: Viewer): Reach
  hides(viewer: Viewer): readonly string[]
  review(report: ConflictReport, viewer: Viewer): boolean
  check(fields: Readonly<Record<string, unknown>>, viewer: Viewer): Rejected | undefined
  beforeWrite(change: RecordChange, transaction: TaskTransaction): Promise<Rejected | undefined>
}

/**
 * A replicated type and the one place where its rules stand: they are applied to reads, changes, tasks, conflicts, pokes
 * and remembered answers alike. `type` is the GraphQL type, which must implement Entity.
 */
export function defineCollection(type: string, rules: CollectionRules = {}): Collection {
  const mayRead = rules.mayRead ?? (() => 'all' as const)
  return {
    type,
    owner: rules.owner ?? null,
    conflict: rules.conflict ?? 'merge',
    keepsVersions: rules.conflict !== 'none',
    partition: rules.partition ?? tenantPartition,
    mayRead,
    mayWrite: rules.mayWrite ?? mayRead,
    hides: rules.hides ?? (() => []),
    review: rules.review ?? (() => false),
    check: rules.check ?? (() => undefined),
    beforeWrite: rules.beforeWrite ?? (async () => undefined),
  }
}

/** Rule for reference data: shared by all tenants, written by the gateway alone. */
export const referenceData: CollectionRules = {
  partition: () => SHARED_PARTITION,
  mayWrite: () => 'none',
  conflict: 'none',
}

/** Rule for data that belongs to the person who made it, and that a role sees as a whole. */
export function ownedBy(owner: string, seenWholeBy: string): CollectionRules {
  return { owner, mayRead: viewer => (hasRole(viewer, seenWholeBy) ? 'all' : 'own') }
}

/** Tasks are a collection too: everybody's own, a supervisor's whole tenant's. They are written by the gateway alone. */
export const taskCollection = (supervisorRole: string): Collection =>
  defineCollection('Task', {
    mayRead: viewer => (hasRole(viewer, supervisorRole) ? 'all' : 'own'),
    mayWrite: () => 'none',
    conflict: 'none',
  })

/** Does this reach cover a row of that owner? */
export function covers(reach: Reach, viewer: Viewer, owner: string | null): boolean {
  return reach === 'all' || (reach === 'own' && (owner === null || owner === viewer.user))
}

/** Does it cover a row of any of them? */
export function coversAny(reach: Reach, viewer: Viewer, owners: ReadonlySet<string | null> | 'anybody'): boolean {
  if (owners === 'anybody') return reach !== 'none'
  return reach === 'all' ? owners.size > 0 : reach === 'own' && (owners.has(null) || owners.has(viewer.user))
}
