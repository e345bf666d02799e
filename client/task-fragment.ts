/** What the client itself wants to know of every task it sent, whatever the application selects. */
import { type FragmentDefinitionNode, Kind, parse } from 'graphql'

export const TASK_FRAGMENT_NAME = 'LayoverTask'

export const TASK_FRAGMENT: FragmentDefinitionNode = parse(
  `fragment ${TASK_FRAGMENT_NAME} on Task {
    __typename
    id
    version
    updatedAt
    updatedBy
    name
    status
    progress
    steps { __typename name status attempts optional error startedAt endedAt }
    conflict { __typename type id fields base mine theirs theirsVersion theirsBy theirsAt }
    rejection { __typename code message field suggestions { __typename label patch } failedTask }
    reconciliation { __typename field from to rule message }
  }`,
  { noLocation: true },
).definitions[0] as FragmentDefinitionNode

/** Names of its fields. */
export const TASK_FIELDS: ReadonlySet<string> = new Set(
  TASK_FRAGMENT.selectionSet.selections.flatMap(selection =>
    selection.kind === Kind.FIELD ? [selection.name.value] : [],
  ),
)

/** A task as it comes over the wire. Whatever is not of its shape is missing here: nothing else reads unknown input. */
export interface TaskState {
  readonly id: string
  readonly status: string
  readonly conflict: ConflictState | null
  readonly rejection: RejectionState | null
  readonly reconciliation: readonly ReconciliationState[]
}

export interface ConflictState {
  readonly type: string
  readonly id: string
  readonly fields: readonly string[]
  readonly base: unknown
  readonly mine: unknown
  readonly theirs: unknown
  readonly theirsVersion: number | null
  readonly theirsBy: string | null
  readonly theirsAt: string
}

export interface RejectionState {
  readonly code: string
  readonly message: string
  readonly suggestions: readonly { label: string; patch: unknown }[]
  readonly failedTask: string | null
}

export interface ReconciliationState {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
  readonly rule: string
  readonly message: string
}

export function readTaskState(value: unknown): TaskState | undefined {
  if (!isFields(value) || typeof value['id'] !== 'string' || typeof value['status'] !== 'string') return undefined
  return {
    id: value['id'],
    status: value['status'],
    conflict: readConflict(value['conflict']),
    rejection: readRejection(value['rejection']),
    reconciliation: list(value['reconciliation']).map(each => ({
      field: text(each['field']),
      from: each['from'] ?? null,
      to: each['to'] ?? null,
      rule: text(each['rule']),
      message: text(each['message']),
    })),
  }
}

function readConflict(value: unknown): ConflictState | null {
  if (!isFields(value)) return null
  return {
    type: text(value['type']),
    id: text(value['id']),
    fields: Array.isArray(value['fields']) ? value['fields'].map(String) : [],
    base: value['base'] ?? null,
    mine: value['mine'] ?? null,
    theirs: value['theirs'] ?? null,
    theirsVersion: typeof value['theirsVersion'] === 'number' ? value['theirsVersion'] : null,
    theirsBy: typeof value['theirsBy'] === 'string' ? value['theirsBy'] : null,
    theirsAt: text(value['theirsAt']),
  }
}

function readRejection(value: unknown): RejectionState | null {
  if (!isFields(value)) return null
  return {
    code: text(value['code']),
    message: text(value['message']),
    suggestions: list(value['suggestions']).map(each => ({ label: text(each['label']), patch: each['patch'] ?? null })),
    failedTask: typeof value['failedTask'] === 'string' ? value['failedTask'] : null,
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isFields) : [])
const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
