import { Badge } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCheck,
  IconClockHour4,
  IconCloudUpload,
  IconDeviceMobile,
  IconPlayerPause,
  IconTrash,
  IconX,
} from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { texts } from '../texts/index.ts'

const { common, outbox, vacations } = texts
const { states } = outbox

type Look = [color: string, icon: ComponentType<{ size: number; 'aria-hidden': boolean }>]
const LOOKS: Readonly<Record<string, Look>> = {
  [states.saved]: ['gray', IconDeviceMobile],
  [states.queued]: ['gray', IconClockHour4],
  [common.waitingToSend]: ['gray', IconClockHour4],
  [vacations.states.REQUESTED]: ['gray', IconClockHour4],
  [states.sending]: ['blue', IconCloudUpload],
  [states.confirmed]: ['teal', IconCheck],
  [vacations.states.BOOKED]: ['teal', IconCheck],
  [states.review]: ['orange', IconAlertTriangle],
  [states.failed]: ['red', IconX],
  [states.paused]: ['yellow', IconPlayerPause],
  [common.willBeDeleted]: ['red', IconTrash],
  [common.willBeCancelled]: ['red', IconTrash],
  [vacations.states.CANCELLED]: ['gray', IconX],
}

/** A state as icon, tint and word: never by colour alone. */
export function StateBadge({ word }: { word: string }): ReactNode {
  const [color, Icon] = LOOKS[word] ?? ['gray', IconClockHour4]
  return (
    <Badge flex="none" color={color} leftSection={<Icon size={14} aria-hidden />} data-state={word}>
      {word}
    </Badge>
  )
}
