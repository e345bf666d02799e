import { type ReactNode, Suspense } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { ReviewNews } from './conflicts/review-news.ts'
import { AbsencesProvider } from './report/absence-context.tsx'
import { Frame } from './shell/frame.tsx'
import { onDemand } from './shell/on-demand.ts'
import { Loading, NotFound } from './shell/opening.tsx'
import { Overlays } from './shell/overlays.tsx'
import { SyncStateProvider } from './shell/sync-context.tsx'
import { VacationsScreen } from './vacations/vacations-screen.tsx'

const BookingScreen = onDemand(async () => (await import('./booking/booking-screen.tsx')).BookingScreen)
const CustomersScreen = onDemand(async () => (await import('./customers/customers-screen.tsx')).CustomersScreen)
const DeviceScreen = onDemand(async () => (await import('./device-page/device-screen.tsx')).DeviceScreen)
const OffersScreen = onDemand(async () => (await import('./offers/offers-screen.tsx')).OffersScreen)
const ReviewScreen = onDemand(async () => (await import('./conflicts/review-screen.tsx')).ReviewScreen)

/** The page of somebody who is signed in. Every screen has an address that works on a cold start without a network. */
export function App({ onSignedOut }: { onSignedOut(): void }): ReactNode {
  return (
    <AbsencesProvider>
      <SyncStateProvider>
        <Frame>
          <Suspense fallback={<Loading />}>
            <Switch>
              <Route path="/">
                <Redirect to="/vacations" replace />
              </Route>
              <Route path="/vacations/:id?" component={VacationsScreen} />
              <Route path="/book" component={BookingScreen} />
              <Route path="/customers/:id?" component={CustomersScreen} />
              <Route path="/offers" component={OffersScreen} />
              <Route path="/review" component={ReviewScreen} />
              <Route path="/device" component={DeviceScreen} />
              <Route component={NotFound} />
            </Switch>
          </Suspense>
        </Frame>
        <Overlays onSignedOut={onSignedOut} />
        <ReviewNews />
      </SyncStateProvider>
    </AbsencesProvider>
  )
}
