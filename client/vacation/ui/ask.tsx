import { type ReactNode, Suspense } from 'react'
import { onDemand } from '../shell/on-demand.ts'
import type { AskProps } from './ask-modal.tsx'

const AskModal = onDemand(async () => (await import('./ask-modal.tsx')).AskModal)

/** Asks before something that cannot be taken back. Escape and the harmless button, which has the focus, change nothing. */
export function Ask(props: AskProps): ReactNode {
  return (
    <Suspense fallback={null}>
      <AskModal {...props} />
    </Suspense>
  )
}
