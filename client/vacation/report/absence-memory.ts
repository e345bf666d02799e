/** What outlives the page: when its user was last there, and the report that has not been dismissed. */
import type { Absence } from './absences.ts'

export interface AbsenceMemory {
  /** Milliseconds since the epoch; undefined: never, or the browser keeps nothing. */
  readonly seenAt: number | undefined
  readonly absence: Absence | undefined
  saw(at: number): void
  keep(absence: Absence | undefined): void
  /** The user signed out. */
  forget(): void
}

/** The moment is the device's, the report the tab's. Where the browser keeps nothing, neither outlives the page. */
export function browserMemory(user: string): AbsenceMemory {
  const [seen, report] = [`layover-page:seen:${user}`, `layover-page:absence:${user}`]
  return {
    get seenAt() {
      return Number(attempt(() => localStorage.getItem(seen))) || undefined
    },
    get absence() {
      return attempt(() => JSON.parse(sessionStorage.getItem(report) ?? 'null') as Absence | null) ?? undefined
    },
    saw: at => attempt(() => localStorage.setItem(seen, String(at))),
    keep: absence =>
      attempt(() => {
        if (absence) sessionStorage.setItem(report, JSON.stringify(absence))
        else sessionStorage.removeItem(report)
      }),
    forget: () =>
      attempt(() => {
        localStorage.removeItem(seen)
        sessionStorage.removeItem(report)
      }),
  }
}

/** Storage may be blocked or full: then there is one report less, and nothing worse. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
