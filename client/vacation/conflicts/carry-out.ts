import { LayoverError, type OfflineClient } from 'layover/client'
import { CancelVacationDocument, ChangeVacationDocument } from '../__generated__/graphql.ts'
import { queueChange } from '../customers/queue-change.ts'
import type { Compared, Settlement } from './choices.ts'

/**
 * Queues what follows from a decision. What has to be asked of the suppliers is on the device before the old change is given
 * up, so that nothing is lost in between.
 *
 * @param version of the record as the conflict shows it
 * @param decide queues the decision itself
 */
export async function carryOut(
  client: Pick<OfflineClient, 'mutate' | 'outbox'>,
  { entityId: id }: Compared,
  { anew }: Settlement,
  version: number,
  decide: () => Promise<unknown>,
): Promise<void> {
  if (anew?.kind === 'change') {
    await queueChange(client, ChangeVacationDocument, { id, baseVersion: version, patch: anew.patch })
  }
  if (anew?.kind === 'cancel') await queueChange(client, CancelVacationDocument, { id, baseVersion: version })
  await decide()
}

export const isChangedAgain = (reason: unknown): boolean =>
  reason instanceof LayoverError && reason.code === 'CONFLICT_CHANGED'
