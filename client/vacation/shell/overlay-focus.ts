import { useLayoutEffect, useRef } from 'react'

/** Who closes what lay over the screen is back where it was opened; who went on to another screen from there is not called back. */
export function useOverlayFocus(isOpen: boolean): void {
  const opener = useRef<{ element: Element | null; place: string }>(undefined)
  useLayoutEffect(() => {
    const { pathname: place } = window.location
    if (isOpen) {
      opener.current = { element: document.activeElement, place }
      return
    }
    const from = opener.current
    opener.current = undefined
    if (from?.place === place && from.element instanceof HTMLElement) from.element.focus()
  }, [isOpen])
}
