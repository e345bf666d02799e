import type { ConflictEntry, Decision } from 'layover/client'
import { useConflicts } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { useRecords } from './records.ts'
import { fieldWord, momentOf, shownValue } from './words.ts'

type Side = 'mine' | 'theirs'

interface FieldRowProps {
  conflict: ConflictEntry
  field: string
  chosen: Side | undefined
  onChoose(side: Side): void
}

function FieldRow({ conflict, field, chosen, onChoose }: FieldRowProps): ReactNode {
  const choice = (side: Side, label: string): ReactNode => (
    <td>
      <label>
        <input
          type="radio"
          name={`${conflict.id}-${field}`}
          checked={chosen === side}
          disabled={conflict.inReview || conflict.theirs === null}
          onChange={() => onChoose(side)}
        />
        <span className="sr-only">{`${fieldWord(field)}, ${label}: `}</span>
        {shownValue(conflict[side], field)}
      </label>
    </td>
  )
  return (
    <tr>
      <th scope="row">{fieldWord(field)}</th>
      <td>{shownValue(conflict.base ?? {}, field)}</td>
      {choice('mine', 'yours')}
      {choice('theirs', 'now on server')}
    </tr>
  )
}

/** One conflict: what it was, what it became on both sides, and who decides. Nothing is chosen beforehand. */
export function ConflictPanel({ conflict }: { conflict: ConflictEntry }): ReactNode {
  const { resolve: decide } = useConflicts()
  const { customer } = useRecords()
  const [sides, setSides] = useState<Readonly<Record<string, Side>>>({})
  const [problem, setProblem] = useState<string>()
  const title =
    conflict.type === 'Customer' ? (customer(conflict.entityId)?.name ?? 'a customer') : conflict.type.toLowerCase()
  const heading = `conflict-${conflict.id}`
  const resolve = (decision: Decision, values?: object): void => {
    setProblem(undefined)
    decide(conflict.id, decision, values).catch((reason: unknown) => setProblem(String(reason)))
  }
  const merged = (): object =>
    Object.fromEntries(conflict.fields.map(field => [field, conflict[sides[field] ?? 'theirs'][field]]))
  const all = conflict.fields.every(field => sides[field] !== undefined)
  return (
    <section className="card conflict" aria-labelledby={heading}>
      <h2 id={heading}>Needs review: {title}</h2>
      <p>
        {conflict.theirs === null ? 'It was deleted' : 'It was changed'} on the server
        {conflict.theirsBy && ` by ${conflict.theirsBy}`} on {momentOf(conflict.theirsAt)}, while your change waited.
      </p>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">When you started</th>
              <th scope="col">Yours</th>
              <th scope="col">Now on server</th>
            </tr>
          </thead>
          <tbody>
            {conflict.fields.map(field => (
              <FieldRow
                key={field}
                conflict={conflict}
                field={field}
                chosen={sides[field]}
                onChoose={side => setSides({ ...sides, [field]: side })}
              />
            ))}
          </tbody>
        </table>
      </div>
      {conflict.inReview ? (
        <p role="status">A supervisor is deciding.</p>
      ) : (
        <p className="actions">
          <button type="button" onClick={() => resolve('KEEP_MINE')}>
            Keep mine
          </button>
          <button type="button" onClick={() => resolve('TAKE_THEIRS')}>
            Take theirs
          </button>
          <button
            type="button"
            disabled={!all || conflict.theirs === null}
            title={all ? undefined : 'Choose a side of every field first'}
            onClick={() => resolve('MERGE', merged())}
          >
            Merge as chosen
          </button>
          <button type="button" onClick={() => resolve('ESCALATE')}>
            Ask a supervisor
          </button>
        </p>
      )}
      {problem && <p role="alert">{problem}</p>}
    </section>
  )
}
