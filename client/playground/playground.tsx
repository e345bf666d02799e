import { GraphiQL } from 'graphiql'
import { type ReactNode, useState } from 'react'
import { type DemoSession, rememberUser } from './demo-users.ts'
import { createExamples } from './examples.ts'
import { createPlaygroundFetcher } from './fetcher.ts'
import { createTabStorage } from './tab-storage.ts'

/** The page starts anew, so that introspection, headers and open sockets are all of the same user. */
const restart = (): void => window.location.reload()

function SignedInAs({ session }: { session: DemoSession }): ReactNode {
  return (
    <label className="signed-in">
      Signed in as
      <select
        value={session.user}
        onChange={event => {
          rememberUser(event.target.value)
          restart()
        }}
      >
        {session.users.map(each => (
          <option key={each.user} value={each.user}>
            {each.label}
          </option>
        ))}
      </select>
    </label>
  )
}

function ResetIcon(): ReactNode {
  return (
    <svg
      className="graphiql-toolbar-icon"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      aria-hidden="true"
    >
      <path d="M3 8a5 5 0 1 0 1.6-3.7M3 1.8v3h3" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}

/** GraphiQL under a thin header that says who asks. `session` is undefined when the gateway is not in demo mode. */
export function Playground({ session }: { session: DemoSession | undefined }): ReactNode {
  const [storage] = useState(createTabStorage)
  const [examples] = useState(createExamples)
  const [fetcher] = useState(() => createPlaygroundFetcher(session?.authorization))
  const headers = session ? JSON.stringify({ authorization: session.authorization }, null, 2) : undefined
  const left = storage.activeTab
  const reset = (): void => {
    storage.forgetTabs()
    restart()
  }
  return (
    <>
      <header className="page-header">
        <h1>Layover playground</h1>
        <nav aria-label="Elsewhere">
          <a href="/">Web page</a>
          <a href="/schema.graphql">Schema</a>
        </nav>
        {session ? (
          <SignedInAs session={session} />
        ) : (
          <p className="hint">
            Put <code>{'{"authorization": "Bearer …"}'}</code> into the Headers pane, then re-fetch the schema.
          </p>
        )}
      </header>
      <GraphiQL
        fetcher={fetcher}
        storage={storage}
        defaultTabs={examples}
        {...(left ? { initialQuery: left.query, initialVariables: left.variables } : {})}
        {...(headers === undefined ? {} : { defaultHeaders: headers })}
        shouldPersistHeaders={false}
        defaultEditorToolsVisibility={session ? 'variables' : 'headers'}
      >
        <GraphiQL.Logo>
          <span />
        </GraphiQL.Logo>
        <GraphiQL.Toolbar>
          {({ prettify, merge, copy }) => (
            <>
              {prettify}
              {merge}
              {copy}
              <button
                type="button"
                className="graphiql-un-styled graphiql-toolbar-button"
                aria-label="Reset examples"
                title="Reset examples: the tabs as they were at first, with new ids"
                onClick={reset}
              >
                <ResetIcon />
              </button>
            </>
          )}
        </GraphiQL.Toolbar>
      </GraphiQL>
    </>
  )
}

/** Shown instead of the playground when the gateway did not answer at the start. */
export function StartFailed({ reason }: { reason: string }): ReactNode {
  return (
    <main className="starting" role="alert">
      <h1>The gateway did not answer</h1>
      <p>{reason}</p>
      <button type="button" onClick={restart}>
        Try again
      </button>
    </main>
  )
}
