import { Modal } from '@mantine/core'
import { useConflicts, useOutbox, useTask } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { isWaiting } from '../outbox/state-word.ts'
import { texts } from '../texts/index.ts'
import { useOwnEscape } from '../ui/own-escape.ts'
import { isDecisionAbout } from './decision-about.ts'
import { Notice } from './notice.tsx'
import { OwnConflict } from './own-conflict.tsx'
import { useRecordName } from './record-name.ts'

const words = texts.conflicts

/** Who settles a conflict decides field by field, or hands it on. Escape and "later" leave it as it is. */
export function ConflictDialog({ id, onClose }: { id: string; onClose(): void }): ReactNode {
  const { outcome } = useTask(id)
  const { list } = useConflicts()
  // While a decision about it is on its way it is not in the list.
  const known = list.find(each => each.id === id) ?? (outcome?.status === 'conflict' ? outcome.conflict : undefined)
  const decision = useOutbox(({ entries }) => entries.find(entry => isDecisionAbout(entry, id)))
  const [isDeciding, setDeciding] = useState(false)
  const name = useRecordName(known)
  const inside = useOwnEscape<HTMLDivElement>(true, onClose)
  const isOver = known === undefined && !isDeciding
  const isDecided = decision !== undefined && !isDeciding
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnEscape={false}
      size="xl"
      title={known ? words.needsReview(name) : words.title}
    >
      <div ref={inside}>
        {isOver && <Notice text={words.gone} onClose={onClose} />}
        {isDecided && (
          <Notice text={isWaiting(decision) ? words.savedDecision : words.sentDecision} onClose={onClose} />
        )}
        {known && !isDecided && (
          <OwnConflict key={id} conflict={known} isDeciding={isDeciding} onDeciding={setDeciding} onClose={onClose} />
        )}
      </div>
    </Modal>
  )
}
