import type { OfflineClient } from 'layover/client'
import { OfflineProvider } from 'layover/react'
import { type ReactNode, useEffect, useState } from 'react'
import { App } from './app.tsx'
import { openClient } from './client.ts'
import { forgetSession, rememberedSession, type Session } from './session.ts'
import { SignIn } from './sign-in.tsx'

interface Opened {
  session: Session
  client: OfflineClient
}

/** Opens the device of the user who was here last, or asks who it is. */
export function Start(): ReactNode {
  const [opened, setOpened] = useState<Opened>()
  const [opening, setOpening] = useState<Session | undefined>(rememberedSession)
  const [problem, setProblem] = useState<string>()

  useEffect(() => {
    if (!opening) return
    let current = true
    const opened = (client: OfflineClient): void => {
      if (!current) return
      setOpened({ session: opening, client })
      // In whatever tab: what stands on the screen is nobody's any more.
      void client.closed.then(how => {
        if (current && how === 'signed-out') setOpening(undefined)
      })
    }
    openClient(opening).then(opened, (reason: unknown) => current && setProblem(String(reason)))
    return () => {
      current = false
      setOpened(undefined)
    }
  }, [opening])

  if (problem) {
    return (
      <main className="alone" role="alert">
        <h1>What is saved on this device could not be opened</h1>
        <p>{problem}</p>
        <button type="button" onClick={() => window.location.reload()}>
          Try again
        </button>
      </main>
    )
  }
  if (!opening) return <SignIn onSignedIn={setOpening} />
  if (!opened) {
    return (
      <main className="alone" role="status">
        Opening…
      </main>
    )
  }
  return (
    <OfflineProvider client={opened.client}>
      <App session={opened.session} onSignedOut={forgetSession} />
    </OfflineProvider>
  )
}
