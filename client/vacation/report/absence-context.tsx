import { useOfflineClient } from 'layover/react'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { type AbsenceReport, Absences } from './absences.ts'

const AbsencesContext = createContext<Absences | undefined>(undefined)

export function AbsencesProvider({ children }: { children: ReactNode }): ReactNode {
  const client = useOfflineClient()
  const { session } = useSignedIn()
  const [absences, setAbsences] = useState<Absences>()
  useEffect(() => {
    const watching = new Absences(client, session.user)
    setAbsences(watching)
    return () => watching.close()
  }, [client, session])
  return <AbsencesContext value={absences}>{children}</AbsencesContext>
}

const never = () => (): void => undefined

/** The report of the last absence, until it is dismissed. */
export function useAbsenceReport(): { report: AbsenceReport | undefined; dismiss(): void } {
  const absences = useContext(AbsencesContext)
  const report = useSyncExternalStore(absences?.subscribe ?? never, () => absences?.report())
  return { report, dismiss: () => absences?.dismiss() }
}
