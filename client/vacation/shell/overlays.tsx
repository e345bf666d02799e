import { type ReactNode, Suspense, useState } from 'react'
import { useFaultPanel } from '../faults/panel-state.ts'
import { onDemand } from './on-demand.ts'
import { useOverlay } from './overlay.ts'
import { useOverlayFocus } from './overlay-focus.ts'

const OutboxDrawer = onDemand(async () => (await import('../outbox/outbox-drawer.tsx')).OutboxDrawer)
const ConflictDialog = onDemand(async () => (await import('../conflicts/conflict-dialog.tsx')).ConflictDialog)
const ReportDialog = onDemand(async () => (await import('../report/report-dialog.tsx')).ReportDialog)
const FaultPanel = onDemand(async () => (await import('../faults/fault-panel.tsx')).FaultPanel)
const SignInAgain = onDemand(async () => (await import('../sign-in/sign-in-again.tsx')).SignInAgain)
const LeaveDialog = onDemand(async () => (await import('../sign-in/leave-dialog.tsx')).LeaveDialog)

/** What lies over the screen, by the address. */
export function Overlays({ onSignedOut }: { onSignedOut(): void }): ReactNode {
  const { name, id, close } = useOverlay()
  useOverlayFocus(name !== undefined)
  // Fetched when it is first opened; it stays, so that it can close gently.
  const [wasOpen, setWasOpen] = useState<ReadonlySet<string>>(new Set())
  if (name !== undefined && !wasOpen.has(name)) setWasOpen(new Set([...wasOpen, name]))
  const isPlaying = useFaultPanel()
  return (
    <Suspense fallback={null}>
      {wasOpen.has('outbox') && <OutboxDrawer opened={name === 'outbox'} onClose={close} />}
      {name === 'conflict' && id !== undefined && <ConflictDialog id={id} onClose={close} />}
      {wasOpen.has('report') && <ReportDialog opened={name === 'report'} onClose={close} />}
      {isPlaying && <FaultPanel />}
      {name === 'sign-in' && <SignInAgain onClose={close} />}
      {name === 'leave' && <LeaveDialog onClose={close} onSignedOut={onSignedOut} />}
    </Suspense>
  )
}
