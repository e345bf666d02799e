import { useOfflineClient } from 'layover/react'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { browserMemory } from './absence-memory.ts'
import { type AbsenceReport, Absences } from './absences.ts'

const AbsencesContext = createContext<Absences | undefined>(undefined)

export function AbsencesProvider({ children }: { children: ReactNode }): ReactNode {
  const client = useOfflineClient()
  const { session } = useSignedIn()
  // Made while the page is first drawn, not after: the first pull is on its way.
  const absences = useMemo(
    () => new Absences(client, session.user, browserMemory(`${session.agency}/${session.user}`)),
    [client, session],
  )
  useEffect(() => {
    const stop = absences.start()
    // The last moments of a page.
    document.addEventListener('visibilitychange', absences.see)
    window.addEventListener('pagehide', absences.see)
    return () => {
      stop()
      document.removeEventListener('visibilitychange', absences.see)
      window.removeEventListener('pagehide', absences.see)
    }
  }, [absences])
  return <AbsencesContext value={absences}>{children}</AbsencesContext>
}

const never = () => (): void => undefined

/** The report of the last absence, until it is dismissed. */
export function useAbsenceReport(): { report: AbsenceReport | undefined; dismiss(): void } {
  const absences = useContext(AbsencesContext)
  const report = useSyncExternalStore(absences?.subscribe ?? never, () => absences?.report())
  return { report, dismiss: () => absences?.dismiss() }
}
