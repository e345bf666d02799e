import type { OutboxEntry } from 'layover/client'
import { useConnection, useOfflineClient, useOutbox } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { ConfirmButton } from './confirm-button.tsx'
import { type Records, useRecords } from './records.ts'
import { TaskSteps } from './task-steps.tsx'
import { type Settled, useRecentlySettled } from './use-recently-settled.ts'
import { entryTitle, isUnsettled, problemText, stateWord, timeOfDay } from './words.ts'

function whyItWaits(entry: OutboxEntry, all: readonly OutboxEntry[], records: Records): string | undefined {
  if (entry.outcome?.status === 'rejected') return entry.outcome.message
  if (entry.outcome?.status === 'parked') return entry.outcome.reason
  if (entry.status === 'conflict') return 'Somebody else changed the same thing. See the comparison.'
  if (entry.status === 'accepted') return 'The gateway has it and is working on it.'
  if (entry.status === 'in-doubt')
    return 'No answer came. It is asked again under the same number, so nothing happens twice.'
  const first = all.find(other => entry.after.includes(other.id))
  if (first) return `After: ${entryTitle(first, records)}`
  if (entry.nextAttemptAt) return `Next try at ${timeOfDay(Date.parse(entry.nextAttemptAt))}`
  return undefined
}

function Entry({ entry, records }: { entry: OutboxEntry; records: Records }): ReactNode {
  const { outbox } = useOfflineClient()
  const { entries, paused } = useOutbox()
  const connection = useConnection()
  const [problem, setProblem] = useState<string>()
  const run = (action: Promise<unknown>): void => {
    setProblem(undefined)
    action.catch((reason: unknown) => setProblem(problemText(reason)))
  }
  const word = stateWord(entry, { paused, connection })
  const why = whyItWaits(entry, entries, records)
  const dependents = outbox.dependents(entry.id)
  const suggestions = entry.outcome?.status === 'rejected' ? entry.outcome.suggestions : []
  const underWay = word === 'Sending' || entry.status === 'conflict'
  return (
    <li className="card" data-tentative={isUnsettled(entry)}>
      <p className="line">
        <strong>{entryTitle(entry, records)}</strong>
        <span className="badge" data-state={word}>
          {word}
        </span>
      </p>
      <p className="detail">
        {timeOfDay(Date.parse(entry.queuedAt))}
        {entry.attempts > 1 && ` · ${entry.attempts} attempts`}
        {why && ` · ${why}`}
      </p>
      <TaskSteps taskId={entry.id} />
      <p className="actions">
        {suggestions.map((suggestion, index) => (
          <button
            key={suggestion.label}
            type="button"
            className="primary"
            onClick={() => run(outbox.applySuggestion(entry.id, index))}
          >
            {suggestion.label}
          </button>
        ))}
        {entry.status === 'parked' && (
          <button type="button" onClick={() => run(outbox.retry(entry.id))}>
            Try again
          </button>
        )}
        {!underWay && (
          <ConfirmButton
            label="Discard"
            about={entryTitle(entry, records)}
            question={
              dependents.length === 0
                ? 'Discard this change?'
                : `Discard this change, and with it: ${dependents.map(each => entryTitle(each, records)).join('; ')}?`
            }
            onConfirm={() => run(outbox.discard(entry.id))}
          />
        )}
      </p>
      {problem && <p role="alert">{problem}</p>}
    </li>
  )
}

function SettledEntry({ settled }: { settled: Settled }): ReactNode {
  return (
    <li className="card">
      <p className="line">
        <strong>{settled.title}</strong>
        <span className="badge" data-state="Confirmed">
          Confirmed
        </span>
      </p>
      {settled.reconciliation.map(each => (
        <p key={each.field} className="detail">
          {each.message}
        </p>
      ))}
    </li>
  )
}

/** What waits on this device, in the order in which it will leave, and below it what has arrived since the page was opened. */
export function OutboxPanel(): ReactNode {
  const { outbox } = useOfflineClient()
  const { entries, paused } = useOutbox()
  const records = useRecords()
  const settled = useRecentlySettled(records)
  return (
    <aside id="outbox" aria-labelledby="outbox-title">
      <div className="line">
        <h2 id="outbox-title">Outbox</h2>
        {(entries.length > 0 || paused) && (
          <button type="button" onClick={() => (paused ? outbox.resume() : outbox.pause())}>
            {paused ? 'Resume sending' : 'Pause sending'}
          </button>
        )}
      </div>
      {entries.length === 0 && <p className="detail">Nothing waits on this device.</p>}
      <ol className="plain" aria-label="Waiting changes">
        {entries.map(entry => (
          <Entry key={entry.id} entry={entry} records={records} />
        ))}
      </ol>
      {settled.length > 0 && (
        <>
          <h3>Arrived</h3>
          <ul className="plain" aria-label="Arrived changes">
            {settled.map(each => (
              <SettledEntry key={each.id} settled={each} />
            ))}
          </ul>
        </>
      )}
    </aside>
  )
}
