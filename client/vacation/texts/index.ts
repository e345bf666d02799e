/** Every English word of the page, by the part of it that says them. A thing that is only on this device is never called done, booked or confirmed. */
import { bookingTexts } from './booking.ts'
import { commonTexts } from './common.ts'
import { conflictTexts } from './conflicts.ts'
import { customerTexts } from './customers.ts'
import { deviceTexts } from './device.ts'
import { faultTexts } from './faults.ts'
import { offerTexts } from './offers.ts'
import { outboxTexts } from './outbox.ts'
import { reportTexts } from './report.ts'
import { shellTexts } from './shell.ts'
import { signInTexts } from './sign-in.ts'
import { vacationTexts } from './vacations.ts'

export const texts = {
  booking: bookingTexts,
  common: commonTexts,
  conflicts: conflictTexts,
  customers: customerTexts,
  device: deviceTexts,
  faults: faultTexts,
  offers: offerTexts,
  outbox: outboxTexts,
  report: reportTexts,
  shell: shellTexts,
  signIn: signInTexts,
  vacations: vacationTexts,
}
