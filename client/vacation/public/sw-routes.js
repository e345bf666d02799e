/**
 * Part of the service worker: what the gateway answers goes past it. A request would otherwise wake an old worker that is about
 * to leave, and Chromium then gives it another half minute. Browsers without static routes ask the worker, which passes it on.
 */
const PATHS = ['/graphql', '/playground', '/demo', '/metrics', '/health', '/schema.graphql', '/mailbox']

self.addEventListener('install', event => {
  if (!('addRoutes' in event)) return
  const rules = PATHS.flatMap(pathname => [pathname, `${pathname}/*`]).map(pathname => ({
    condition: { urlPattern: { pathname } },
    source: 'network',
  }))
  event.waitUntil(event.addRoutes(rules).catch(() => undefined))
})
