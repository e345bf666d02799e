import { createContext, type ReactNode, useContext } from 'react'
import type { Session, Tokens } from './session.ts'
import type { Troubles } from './troubles.ts'

export interface SignedIn {
  readonly session: Session
  readonly tokens: Tokens
  readonly troubles: Troubles
}

const SignedInContext = createContext<SignedIn | undefined>(undefined)

export function SignedInProvider({ value, children }: { value: SignedIn; children: ReactNode }): ReactNode {
  return <SignedInContext value={value}>{children}</SignedInContext>
}

/** Who works on this device. Only below the sign-in. */
export function useSignedIn(): SignedIn {
  const value = useContext(SignedInContext)
  if (!value) throw new Error('useSignedIn stands above SignedInProvider')
  return value
}

export const isSupervisor = ({ roles }: Session): boolean => roles.includes('supervisor')
