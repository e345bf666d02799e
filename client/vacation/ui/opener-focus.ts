import { useEffect, useState } from 'react'

/** Gives the focus back to what had it, when a dialog that is open from its first rendering is gone. Mantine does so only for one that is opened later. */
export function useOpenerFocus(): void {
  const [opener] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    },
    [opener],
  )
}
