/** The documents of a simulated installation, as the real client writes them. */
import { InMemoryCache } from '@apollo/client'
import { type DocumentNode, parse, print, separateOperations } from 'graphql'
import { aliasOf, TASK_ARGUMENT, TASK_INPUT_TYPE, variableOf } from '../../protocol/index.ts'
import { clientOperations } from '../../server/vacation/__generated__/client-operations.ts'

/** What each kind of task takes beside `task`. */
const ARGUMENTS = {
  createCustomer: { input: 'CreateCustomerInput!' },
  updateCustomer: { id: 'ID!', baseVersion: 'Int!', patch: 'CustomerPatch!' },
  deleteCustomer: { id: 'ID!', baseVersion: 'Int!' },
  bookVacation: { input: 'BookVacationInput!' },
  cancelVacation: { id: 'ID!', baseVersion: 'Int!' },
  resolveConflict: { conflictOf: 'ID!', decision: 'Decision!', theirsVersion: 'Int' },
} as const

export type TaskName = keyof typeof ARGUMENTS

/** A task in an outbox. */
export interface WaitingTask {
  readonly id: string
  /** Its place in the outbox, from 0. */
  readonly sequence: number
  readonly name: TaskName
  readonly args: Readonly<Record<string, unknown>>
}

export interface ReplayDocument {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** Pulls as the web app does: the gateway knows it. */
export const CHANGES: string = print(
  new InMemoryCache().transformDocument(separateOperations(parse(clientOperations))['Changes'] as DocumentNode),
)

/** The tasks of a user, in the order in which the gateway took them. */
export const TASKS = `query ($after: String) {
  tasks(first: 1000, after: $after) { nodes { id name status rejection { code } steps { name attempts } } endCursor hasMore }
}`

/** One document of aliased task fields; the values are in the variables. */
export function replayDocument(client: string, tasks: readonly WaitingTask[]): ReplayDocument {
  const declared: string[] = []
  const fields: string[] = []
  const variables: Record<string, unknown> = {}
  for (const [index, { id, sequence, name, args }] of tasks.entries()) {
    const types = { [TASK_ARGUMENT]: TASK_INPUT_TYPE, ...ARGUMENTS[name] }
    const given = Object.entries(types).map(([argument, type]) => {
      const variable = variableOf(index, argument)
      declared.push(`$${variable}: ${type}`)
      return `${argument}: $${variable}`
    })
    fields.push(`${aliasOf(index)}: ${name}(${given.join(', ')}) { ...Outcome }`)
    variables[variableOf(index, TASK_ARGUMENT)] = { id, client, sequence }
    for (const [argument, value] of Object.entries(args)) variables[variableOf(index, argument)] = value
  }
  const fragment = 'fragment Outcome on TaskPayload { task { id status } }'
  return { query: `mutation Replay(${declared.join(', ')}) { ${fields.join(' ')} } ${fragment}`, variables }
}
