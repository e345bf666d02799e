import type { OperationVariables, TypedDocumentNode } from '@apollo/client'
import type { OfflineClient, OutboxEntry, Outcome } from 'layover/client'
import { entryIdOf } from '../device/entry-of.ts'
import { texts } from '../texts/index.ts'
import { toastProblem, toastSaid } from '../ui/toast.ts'
import { refusalText } from './refusal-text.ts'

const { customers: words, outbox: outboxWords } = texts
type Status = OutboxEntry['status'] | Outcome['status']

export interface QueuedChange<Data> {
  /** The outbox entry's. */
  id: string
  /** When `mutate` stopped waiting for the gateway. */
  status: Status
  /** The gateway's answer, or what was foreseen of it. */
  data: Data | undefined
}

/** Queues a task; a refusal is told by `status`. Throws when nothing was queued. */
export async function queueChange<Data, Variables extends OperationVariables>(
  { mutate, outbox }: Pick<OfflineClient, 'mutate' | 'outbox'>,
  mutation: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  /** Ids of entries that it builds on. */
  after: readonly string[] = [],
): Promise<QueuedChange<Data>> {
  const context = { layover: { after } }
  const options = { mutation, variables, context, errorPolicy: 'all' }
  const { data, extensions } = await mutate<Data, Variables>(options as Parameters<typeof mutate<Data, Variables>>[0])
  const id = entryIdOf(extensions) ?? ''
  return { id, status: outbox.get(id)?.status ?? outbox.outcome(id)?.status ?? 'queued', data: data ?? undefined }
}

const WORDS: Readonly<Partial<Record<Status, string>>> = {
  queued: outboxWords.states.saved,
  blocked: outboxWords.states.saved,
  sending: outboxWords.states.sending,
  'in-doubt': outboxWords.states.sending,
  accepted: outboxWords.states.sending,
  confirmed: outboxWords.states.confirmed,
  conflict: outboxWords.states.review,
}

/** Says how far a change has come, never more; a refusal with its reason. */
export function sayState({ outbox }: Pick<OfflineClient, 'outbox'>, name: string, id: string): void {
  const outcome = outbox.outcome(id) ?? outbox.get(id)?.outcome
  const status = outbox.get(id)?.status ?? outcome?.status
  const word = status && WORDS[status]
  if (word) toastSaid(words.saved(name, word))
  else if (outcome) toastProblem(new Error(words.saved(name, refusalText(outcome))))
}
