/** All chunks of the page, so that a tab has what it needs even when a new version has taken their place in the cache. */
const CHUNKS: readonly (() => Promise<unknown>)[] = [
  () => import('../vacations/vacation-detail.tsx'),
  () => import('../vacations/refused-bookings.tsx'),
  () => import('../ui/ask-modal.tsx'),
  () => import('../ui/toaster.tsx'),
  () => import('./shortcut-list.tsx'),
  () => import('./account-items.tsx'),
  () => import('./connection-panel.tsx'),
  () => import('../booking/booking-screen.tsx'),
  () => import('../customers/customers-screen.tsx'),
  () => import('../device-page/device-screen.tsx'),
  () => import('../offers/offers-screen.tsx'),
  () => import('../conflicts/review-screen.tsx'),
  () => import('../conflicts/conflict-dialog.tsx'),
  () => import('../outbox/outbox-drawer.tsx'),
  () => import('../report/report-dialog.tsx'),
  () => import('../faults/fault-panel.tsx'),
  () => import('../sign-in/sign-in-again.tsx'),
  () => import('../sign-in/leave-dialog.tsx'),
]

/** One that does not come is asked for again where it is needed. */
export async function loadAll(): Promise<void> {
  for (const load of CHUNKS) await load().catch(() => undefined)
}
