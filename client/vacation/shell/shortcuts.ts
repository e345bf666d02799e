import { systemClock } from 'layover/protocol'
import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import { useOverlay } from './overlay.ts'
import { useShortcutChoice } from './shortcut-choice.ts'

/** Milliseconds between the two keys of "g v". */
const PATIENCE = 1500

const VIEW_OF: Readonly<Record<string, string>> = { v: '/vacations', c: '/customers', o: '/offers', d: '/device' }

/** In a switch, a box or a radio button letters mean nothing. */
const FIELDS = 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable="true"]'
const COVERS = '[role="dialog"][aria-modal="true"], [role="menu"], [role="listbox"]'

const isTyping = ({ target }: KeyboardEvent): boolean => target instanceof Element && target.matches(FIELDS)

/** Keys for those who use the page all day; they rest while somebody types or something lies over the screen. */
export function useShortcuts(onHelp: () => void): void {
  const [, navigate] = useLocation()
  const { show } = useOverlay()
  const [isOn] = useShortcutChoice()
  const wentAt = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    if (!isOn) return undefined
    const press = (event: KeyboardEvent): void => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.defaultPrevented || document.querySelector(COVERS)) return
      const follows = systemClock.now() - wentAt.current < PATIENCE
      wentAt.current = event.key === 'g' ? systemClock.now() : Number.NEGATIVE_INFINITY
      const view = follows ? VIEW_OF[event.key] : undefined
      if (view) navigate(view)
      else if (event.key === 'b') navigate('/book')
      else if (event.key === 'o') show('outbox')
      else if (event.key === '?') onHelp()
      else return
      event.preventDefault()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [navigate, show, onHelp, isOn])
}
