/** Whether somebody looks at the page. Timers of a hidden page are throttled, so what it shows may be older than it should be. */

/** Calls back whenever the page is shown again; without a page, never. The returned function ends it. */
export function onShown(shown: () => void): () => void {
  if (typeof document === 'undefined') return () => undefined
  const changed = (): void => {
    if (document.visibilityState === 'visible') shown()
  }
  document.addEventListener('visibilitychange', changed)
  return () => document.removeEventListener('visibilitychange', changed)
}
