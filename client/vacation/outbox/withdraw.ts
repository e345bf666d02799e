import type { DocumentNode } from 'graphql'
import type { OfflineClient, OutboxEntry } from 'layover/client'
import { DOCUMENTS } from '../device/tasks.ts'

/** Takes entries back that have not left, the first with all that build on it. Resolves to the undo, which queues them again, at the end. */
export async function withdraw(
  { outbox, mutate }: Pick<OfflineClient, 'outbox' | 'mutate'>,
  entries: readonly OutboxEntry[],
): Promise<() => Promise<void>> {
  const [first] = entries
  if (first) await outbox.cancel(first.id)
  return async () => {
    for (const { name, variables } of entries) {
      const mutation: DocumentNode | undefined = DOCUMENTS.get(name)
      if (mutation) await mutate({ mutation, variables })
    }
  }
}
