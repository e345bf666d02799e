import { gql, type TypedDocumentNode } from '@apollo/client'
import { useQuery } from '@apollo/client/react'
import type { OfflineClient } from 'layover/client'
import {
  OfflineProvider,
  useConflicts,
  useConnection,
  useEntriesAbout,
  useFreshness,
  useOfflineClient,
  useOutbox,
  useSyncStatus,
  useTask,
  useTaskMutation,
} from 'layover/react'
import { type ReactNode, useState } from 'react'
import { ADD_NOTE, type Note } from './tasks.ts'

export const NOTES: TypedDocumentNode<{ notes: Note[] }> = gql`query Notes { notes { id version text } }`

export const App = ({ opening }: { opening: OfflineClient | Promise<OfflineClient> }): ReactNode => (
  <OfflineProvider client={opening} fallback={<p>Opening…</p>}>
    <Status />
    <Conflicts />
    <AddNote />
    <Notes />
    <Waiting />
  </OfflineProvider>
)

function Notes(): ReactNode {
  const { data } = useQuery(NOTES)
  const { state } = useFreshness('Note')
  return (
    <ul aria-label="Notes" data-freshness={state}>
      {data?.notes.map(note => (
        <Row key={note.id} note={note} />
      ))}
    </ul>
  )
}

function Row({ note }: { note: Note }): ReactNode {
  const { status } = useSyncStatus(note)
  const [first] = useEntriesAbout(note)
  return (
    <li>
      {note.text} {status !== 'synced' && <em>{status}</em>}
      {first && <small>since {first.queuedAt}</small>}
    </li>
  )
}

function AddNote(): ReactNode {
  const [add, { task, loading, error }] = useTaskMutation(ADD_NOTE)
  const [text, setText] = useState('')
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        // A refusal is in `error`, and the entry in the outbox.
        add({ variables: { id: crypto.randomUUID(), text } }).catch(() => undefined)
        setText('')
      }}
    >
      <input aria-label="Note" value={text} onChange={event => setText(event.target.value)} />
      <button type="submit">Add</button>
      {loading && 'saving…'}
      {task.status === 'queued' && 'saved on this device'}
      {task.status === 'confirmed' && 'saved'}
      {error?.message}
    </form>
  )
}

function Status(): ReactNode {
  const waiting = useOutbox(outbox => outbox.waiting)
  const { mode, state, setMode } = useConnection()
  return (
    <button type="button" onClick={() => setMode(mode === 'offline' ? 'auto' : 'offline')}>
      {state}, {waiting} waiting
    </button>
  )
}

function Conflicts(): ReactNode {
  const { list, resolve } = useConflicts()
  return list.map(({ id, fields, mine, theirs, inReview }) => (
    <section key={id} aria-label="Conflict">
      {fields.map(field => (
        <p key={field}>
          {field}: yours {String(mine?.[field])}, theirs {String(theirs?.[field])}
        </p>
      ))}
      <button type="button" disabled={inReview} onClick={() => void resolve(id, 'KEEP_MINE')}>
        Keep mine
      </button>
      <button type="button" disabled={inReview} onClick={() => void resolve(id, 'TAKE_THEIRS')}>
        Take theirs
      </button>
    </section>
  ))
}

function Waiting(): ReactNode {
  const entries = useOutbox(outbox => outbox.entries)
  return entries.map(({ id }) => <Entry key={id} id={id} />)
}

function Entry({ id }: { id: string }): ReactNode {
  const { outbox } = useOfflineClient()
  const { status, outcome } = useTask(id)
  if (outcome?.status !== 'rejected') return <p>{status}</p>
  return (
    <p role="alert">
      {outcome.message}
      {outcome.suggestions.map(({ label }, index) => (
        <button key={label} type="button" onClick={() => void outbox.applySuggestion(id, index)}>
          {label}
        </button>
      ))}
      <button type="button" onClick={() => void outbox.discard(id)}>
        Discard
      </button>
    </p>
  )
}
