import { useConnection, useFreshness, useOfflineClient, useOutbox } from 'layover/react'
import { type ReactNode, useState } from 'react'
import type { Session } from './session.ts'
import { chipText, problemText, timeOfDay } from './words.ts'

function Chip(): ReactNode {
  const { entries, paused } = useOutbox()
  const connection = useConnection()
  const { lastSyncedAt } = useFreshness()
  const text = chipText({ entries, paused, connection })
  return (
    <p className="chip" role="status" data-settled={text === 'All changes saved'}>
      <a href="#outbox">{text}</a>
      <small>{lastSyncedAt ? `Synced ${timeOfDay(lastSyncedAt.getTime())}` : 'Never synced'}</small>
    </p>
  )
}

function WorkOffline(): ReactNode {
  const { mode, setMode } = useConnection()
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        checked={mode === 'offline'}
        aria-checked={mode === 'offline'}
        onChange={event => setMode(event.target.checked ? 'offline' : 'auto')}
      />
      Work offline
    </label>
  )
}

function SyncNow(): ReactNode {
  const { sync } = useOfflineClient()
  const { mode } = useConnection()
  const [running, setRunning] = useState(false)
  // What came of it stands in the chip: the time of the sync, or that the server cannot be reached.
  const finished = (): void => setRunning(false)
  return (
    <button
      type="button"
      disabled={running || mode === 'offline'}
      onClick={() => {
        setRunning(true)
        sync.pull().then(finished, finished)
      }}
    >
      Sync now
    </button>
  )
}

type Pending = 'keep' | 'send' | 'discard'

function SignOut({ onSignedOut }: { onSignedOut(): void }): ReactNode {
  const client = useOfflineClient()
  const waiting = useOutbox(outbox => outbox.waiting)
  const [asking, setAsking] = useState(false)
  const [problem, setProblem] = useState<string>()
  const leave = (pending: Pending): void => {
    setProblem(undefined)
    client.signOut({ pending }).then(onSignedOut, (reason: unknown) => setProblem(problemText(reason)))
  }
  if (!asking) {
    return (
      <button type="button" onClick={() => (waiting > 0 ? setAsking(true) : leave('keep'))}>
        Sign out
      </button>
    )
  }
  return (
    <section className="ask" aria-label="Sign out with changes waiting">
      <p>{waiting === 1 ? '1 change has' : `${waiting} changes have`} not been sent. Sign out and</p>
      <button type="button" onClick={() => leave('send')}>
        send first
      </button>
      <button type="button" onClick={() => leave('keep')}>
        keep them here
      </button>
      <button type="button" className="danger" onClick={() => leave('discard')}>
        discard them
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        stay
      </button>
      {problem && <p role="alert">{problem}</p>}
    </section>
  )
}

/** What everything on the page stands under: who, how many changes wait, and whether they may leave. */
export function Header({ session, onSignedOut }: { session: Session; onSignedOut(): void }): ReactNode {
  return (
    <header className="top">
      <h1>Layover</h1>
      <Chip />
      <SyncNow />
      <div className="who">
        <WorkOffline />
        <span>{session.label}</span>
        <SignOut onSignedOut={onSignedOut} />
      </div>
    </header>
  )
}
