/** What lies over the screen stands in the address (`?show=outbox`, `?show=conflict:<id>`), so that it can be linked to and the back button closes it. */
import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'wouter'

export type OverlayName = 'outbox' | 'conflict' | 'report' | 'sign-in' | 'leave'

export interface Overlay {
  /** What is open; undefined: nothing. */
  name: OverlayName | undefined
  /** Of the conflict that is open. */
  id: string | undefined
  show(name: OverlayName, id?: string): void
  close(): void
}

const KEY = 'show'
const NAMES: ReadonlySet<string> = new Set(['outbox', 'conflict', 'report', 'sign-in', 'leave'])

export function useOverlay(): Overlay {
  const [params, setParams] = useSearchParams()
  const [name = '', id] = (params.get(KEY) ?? '').split(':')
  const change = useCallback(
    (value: string | undefined) =>
      setParams(before => {
        const next = new URLSearchParams(before)
        if (value === undefined) next.delete(KEY)
        else next.set(KEY, value)
        return next
      }),
    [setParams],
  )
  return useMemo(
    () => ({
      name: NAMES.has(name) ? (name as OverlayName) : undefined,
      id,
      show: (wanted, of) => change(of === undefined ? wanted : `${wanted}:${of}`),
      close: () => change(undefined),
    }),
    [name, id, change],
  )
}
