import { ApolloProvider, getApolloContext } from '@apollo/client/react'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { LayoverError } from '../layover-error.ts'
import type { OfflineClient } from '../offline-client.ts'

const OfflineContext = createContext<OfflineClient | undefined>(undefined)

export interface OfflineProviderProps {
  /** Of a promise the same one at every rendering: `fallback` shows until it resolves; what it rejects with is thrown to the error boundary. */
  readonly client: OfflineClient | Promise<OfflineClient>
  /** Default: nothing. */
  readonly fallback?: ReactNode
  readonly children?: ReactNode
}

/** Hands the client to Apollo's hooks and to these. It does not close it. */
export function OfflineProvider({ client, fallback = null, children }: OfflineProviderProps): ReactNode {
  const opened = useOpened(client)
  if (!opened) return fallback
  return (
    <OfflineContext.Provider value={opened}>
      <ApolloProvider client={opened}>{children}</ApolloProvider>
    </OfflineContext.Provider>
  )
}

/** The client of the nearest `OfflineProvider`, or of an `ApolloProvider` that was given one. Throws NO_PROVIDER. */
export function useOfflineClient(): OfflineClient {
  const own = useContext(OfflineContext)
  const { client } = useContext(getApolloContext())
  if (own) return own
  if (client && 'outbox' in client) return client as OfflineClient
  throw new LayoverError(
    'NO_PROVIDER',
    'No offline client here: put <OfflineProvider client={…}> around the component.',
  )
}

type Opened = { of: Promise<OfflineClient> } & ({ client: OfflineClient } | { reason: unknown })

function useOpened(client: OfflineClient | Promise<OfflineClient>): OfflineClient | undefined {
  const [opened, setOpened] = useState<Opened>()
  useEffect(() => {
    if (!isPromise(client)) return
    let current = true
    const set = (next: Opened): void => {
      if (current) setOpened(next)
    }
    client.then(
      value => set({ of: client, client: value }),
      (reason: unknown) => set({ of: client, reason }),
    )
    return () => {
      current = false
    }
  }, [client])
  if (!isPromise(client)) return client
  if (opened?.of !== client) return undefined
  if ('reason' in opened) throw opened.reason
  return opened.client
}

const isPromise = (value: OfflineClient | Promise<OfflineClient>): value is Promise<OfflineClient> => 'then' in value
