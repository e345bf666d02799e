import { type RefObject, useEffect, useRef } from 'react'
import { rowId } from './customer-row.tsx'

/** Where list and detail are screens of their own, the focus follows: to the heading of the one, and back to its link in the other. */
export function usePaneFocus(panes: RefObject<HTMLElement | null>, chosen: string | undefined): void {
  const before = useRef(chosen)
  useEffect(() => {
    const former = before.current
    before.current = chosen
    if (former === chosen) return
    // A form takes the focus itself.
    if (chosen === undefined) document.getElementById(rowId(former ?? ''))?.focus()
    else if (former === undefined && !panes.current?.contains(document.activeElement)) focusTitle(panes.current)
    else if (isHidden(document.activeElement)) focusTitle(panes.current)
  }, [panes, chosen])
}

const focusTitle = (panes: HTMLElement | null): void =>
  panes?.querySelector<HTMLElement>('[data-pane-title]')?.focus({ preventScroll: true })

const isHidden = (element: Element | null): boolean => element === null || element.getClientRects().length === 0
