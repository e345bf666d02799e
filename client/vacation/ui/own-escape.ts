import { useWindowEvent } from '@mantine/hooks'
import { type RefObject, useRef } from 'react'

/**
 * Escape closes a dialog, but not from within another that lies over it: Mantine would close both. The ref goes to something
 * inside the dialog, which is given `closeOnEscape={false}`.
 */
export function useOwnEscape<E extends HTMLElement>(opened: boolean, onClose: () => void): RefObject<E | null> {
  const inside = useRef<E>(null)
  useWindowEvent(
    'keydown',
    ({ key, isComposing, target }) => {
      if (!opened || key !== 'Escape' || isComposing) return
      const dialog = target instanceof Element ? target.closest('[role="dialog"]') : null
      if (dialog === null || dialog.contains(inside.current)) onClose()
    },
    { capture: true },
  )
  return inside
}
