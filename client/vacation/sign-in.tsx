import { type ReactNode, useEffect, useState } from 'react'
import { type DemoUser, demoUsers, type Session, signIn } from './session.ts'

type Choice = { users: readonly DemoUser[] } | { problem: string } | undefined

const NOT_DEMO =
  'This gateway is not in demo mode: users come from its identity provider, which this page does not know.'

/** Picks a demo user. */
export function SignIn({ onSignedIn }: { onSignedIn(session: Session): void }): ReactNode {
  const [choice, setChoice] = useState<Choice>()
  const fail = (reason: unknown): void =>
    setChoice({ problem: reason instanceof Error ? reason.message : String(reason) })

  useEffect(() => {
    demoUsers().then(
      users => setChoice(users ? { users } : { problem: NOT_DEMO }),
      (reason: unknown) => setChoice({ problem: `The gateway cannot be reached. ${String(reason)}` }),
    )
  }, [])

  return (
    <main className="alone">
      <h1>Layover</h1>
      <p>Vacations that can be booked without a connection. Who are you?</p>
      {!choice && <p role="status">Asking the gateway…</p>}
      {choice && 'users' in choice && (
        <ul className="plain users">
          {choice.users.map(each => (
            <li key={each.user}>
              <button type="button" onClick={() => signIn(each).then(onSignedIn, fail)}>
                <strong>{each.label}</strong>
                <small>
                  {each.roles.join(', ')} of {each.agency}
                </small>
              </button>
            </li>
          ))}
        </ul>
      )}
      {choice && 'problem' in choice && (
        <div role="alert">
          <p>{choice.problem}</p>
          <button type="button" onClick={() => window.location.reload()}>
            Try again
          </button>
        </div>
      )}
    </main>
  )
}
