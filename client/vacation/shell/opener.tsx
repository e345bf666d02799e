import { cloneElement, type ReactElement, type ReactNode, Suspense, useState } from 'react'

interface OpenerProps {
  button: ReactElement<{ onClick?: () => void }>
  /** What it opens, around the same button. It begins open. */
  children(target: ReactNode): ReactNode
}

/** A button whose menu is fetched when it is first pressed. */
export function Opener({ button, children }: OpenerProps): ReactNode {
  const [isWanted, setWanted] = useState(false)
  if (!isWanted) return cloneElement(button, { onClick: () => setWanted(true) })
  return <Suspense fallback={button}>{children(button)}</Suspense>
}
