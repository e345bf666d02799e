import { useConflicts, useOutbox } from 'layover/react'
import { type ReactNode, useEffect, useState } from 'react'
import { ConflictPanel } from './conflict-panel.tsx'
import { Customers } from './customers.tsx'
import { Header } from './header.tsx'
import { Offers } from './offers.tsx'
import { OutboxPanel } from './outbox-panel.tsx'
import type { Session } from './session.ts'
import { Vacations } from './vacations.tsx'

const VIEWS = { vacations: 'Vacations', customers: 'Customers', offers: 'Offers' } as const
type View = keyof typeof VIEWS

const isView = (name: string): name is View => name in VIEWS

/** The view that the address names; an address that names something else on the page leaves it as it is. */
function useView(): View {
  const read = (before: View): View => {
    const name = window.location.hash.slice(1)
    return isView(name) ? name : before
  }
  const [view, setView] = useState(() => read('vacations'))
  useEffect(() => {
    const changed = (): void => setView(read)
    window.addEventListener('hashchange', changed)
    return () => window.removeEventListener('hashchange', changed)
  })
  return view
}

/** The page of somebody who is signed in. */
export function App({ session, onSignedOut }: { session: Session; onSignedOut(): void }): ReactNode {
  const view = useView()
  const { list: conflicts } = useConflicts()
  const waiting = useOutbox(outbox => outbox.waiting)
  return (
    <>
      <title>{waiting > 0 ? `(${waiting}) Layover` : 'Layover'}</title>
      <Header session={session} onSignedOut={onSignedOut} />
      <nav className="views" aria-label="Views">
        {Object.entries(VIEWS).map(([name, label]) => (
          <a key={name} href={`#${name}`} aria-current={name === view ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <div className="columns">
        <main>
          {conflicts.map(conflict => (
            <ConflictPanel key={conflict.id} conflict={conflict} />
          ))}
          {view === 'vacations' && <Vacations />}
          {view === 'customers' && <Customers />}
          {view === 'offers' && <Offers />}
        </main>
        <OutboxPanel />
      </div>
    </>
  )
}
