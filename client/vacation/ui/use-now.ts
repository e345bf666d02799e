import { systemClock } from 'layover/protocol'
import { useEffect, useState } from 'react'

/** Milliseconds since the epoch, renewed every `everyMs` while the component is shown; undefined: not at all. */
export function useNow(everyMs: number | undefined): number {
  const [now, setNow] = useState(() => systemClock.now())
  useEffect(() => {
    if (everyMs === undefined) return undefined
    let withdraw: () => void = () => undefined
    const tick = (): void => {
      setNow(systemClock.now())
      withdraw = systemClock.after(everyMs, tick)
    }
    tick()
    return () => withdraw()
  }, [everyMs])
  return now
}
