import { Button } from '@mantine/core'
import { useConnection, useOutbox } from 'layover/react'
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react'
import { isUnderWay } from '../outbox/state-word.ts'
import { texts } from '../texts/index.ts'
import classes from './frame.module.css'
import { useVersion } from './version-context.tsx'

const words = texts.shell.version

/** Offers a new version. Pressed in the middle of a replay it waits until what is under way has been answered. */
export function VersionBanner(): ReactNode {
  const version = useVersion()
  const state = useSyncExternalStore(version.subscribe, version.state)
  const isSending = useOutbox(({ entries }) => entries.some(isUnderWay))
  const { state: reached } = useConnection()
  const [isWanted, setWanted] = useState(false)

  useEffect(() => {
    if (isWanted && !isSending) version.take()
  }, [isWanted, isSending, version])
  useEffect(() => {
    if (reached === 'online') version.look()
  }, [reached, version])

  if (state === 'current') return null
  const waits = isWanted && isSending
  return (
    <div className={classes['strip']} role="status">
      <span>{waits ? words.afterSending : state === 'ready' ? words.ready : words.taken}</span>
      {!waits && (
        <Button size="xs" onClick={() => (isSending ? setWanted(true) : version.take())}>
          {words.reload}
        </Button>
      )}
    </div>
  )
}
