import { Switch } from '@mantine/core'
import { useConnection } from 'layover/react'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'

const words = texts.shell

/** The choice is the user's: it is kept apart from what the network does, and survives a restart. */
export function WorkOffline({ hint = false }: { hint?: boolean }): ReactNode {
  const { mode, setMode } = useConnection()
  return (
    <Switch
      label={words.workOffline}
      description={hint ? words.workOfflineHint : undefined}
      checked={mode === 'offline'}
      onChange={event => setMode(event.currentTarget.checked ? 'offline' : 'auto')}
    />
  )
}
