import { type ReactNode, useState } from 'react'

interface ConfirmButtonProps {
  label: string
  /** Ends its accessible name, where several of its kind stand on the page. */
  about?: string
  /** What is asked once more, e.g. "Delete Ada?". */
  question: string
  onConfirm(): void
}

/** A button whose action cannot be taken back: it asks before it acts. */
export function ConfirmButton({ label, about, question, onConfirm }: ConfirmButtonProps): ReactNode {
  const [asking, setAsking] = useState(false)
  if (!asking) {
    return (
      <button type="button" aria-label={about && `${label} ${about}`} onClick={() => setAsking(true)}>
        {label}
      </button>
    )
  }
  return (
    <fieldset className="ask">
      <legend>{question}</legend>
      <button
        type="button"
        className="danger"
        onClick={() => {
          setAsking(false)
          onConfirm()
        }}
      >
        {label}
      </button>
      {/* biome-ignore lint/a11y/noAutofocus: the question stands where the pressed button was; the harmless answer has the focus */}
      <button type="button" autoFocus onClick={() => setAsking(false)}>
        No
      </button>
    </fieldset>
  )
}
