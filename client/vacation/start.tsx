import type { OfflineClient } from 'layover/client'
import { OfflineProvider } from 'layover/react'
import { type ReactNode, useEffect, useState } from 'react'
import { App } from './app.tsx'
import { openClient } from './device/client.ts'
import { forgetSession, rememberedSession, rememberSession, type Session, Tokens } from './device/session.ts'
import { type SignedIn, SignedInProvider } from './device/session-context.tsx'
import { Troubles } from './device/troubles.ts'
import { OpenFailed, Opening } from './shell/opening.tsx'
import { SignIn } from './sign-in/sign-in.tsx'

interface Entering {
  session: Session
  /** The one that was just brought. */
  token?: string
}

interface Opened extends SignedIn {
  client: OfflineClient
}

function remembered(): Entering | undefined {
  const session = rememberedSession()
  return session && { session }
}

/** Opens the device of the user who was here last, or asks who it is. */
export function Start(): ReactNode {
  const [entering, setEntering] = useState(remembered)
  const [opened, setOpened] = useState<Opened>()
  const [failure, setFailure] = useState<unknown>()

  useEffect(() => {
    if (!entering) return
    const { session, token } = entering
    const tokens = new Tokens(session, token)
    const troubles = new Troubles()
    let current = true
    const open = (client: OfflineClient): void => {
      if (!current) return
      setOpened({ session, tokens, troubles, client })
      // In whatever tab: what stands on the screen is nobody's any more.
      void client.closed.then(how => {
        if (!current || how !== 'signed-out') return
        // What the address showed was his; the next one begins at the start.
        window.history.replaceState(null, '', '/')
        setEntering(undefined)
      })
    }
    openClient(session, tokens, troubles.add).then(open, (reason: unknown) => current && setFailure(reason))
    return () => {
      current = false
      tokens.close()
      setOpened(undefined)
    }
  }, [entering])

  if (failure !== undefined) {
    const leave = (): void => {
      forgetSession()
      setFailure(undefined)
      setEntering(undefined)
    }
    return <OpenFailed reason={failure} onLeave={leave} />
  }
  if (!entering) {
    const enter = (session: Session, token?: string): void => {
      rememberSession(session)
      setEntering(token === undefined ? { session } : { session, token })
    }
    return <SignIn onSignedIn={enter} />
  }
  if (!opened) return <Opening />
  const { client, ...signedIn } = opened
  return (
    <OfflineProvider client={client}>
      <SignedInProvider value={signedIn}>
        <App onSignedOut={forgetSession} />
      </SignedInProvider>
    </OfflineProvider>
  )
}
