import type { StepResults } from 'layover/server'
import { type BookingPlan, booked, KINDS, totalOf } from './booking.ts'
import type { MailMessage } from './mail.ts'

/** What the customer is told. The Message-ID belongs to the task, so that a repeat after a crash is recognised as one. */
export function confirmationMail({ input, customer, taskId }: BookingPlan, results: StepResults): MailMessage {
  const total = totalOf(results)
  const lines = KINDS.flatMap(kind => {
    const reserved = booked(results, kind)
    return reserved === null ? [] : [`${kind.padEnd(7)} ${reserved.offerId}, confirmation ${reserved.confirmation}`]
  })
  return {
    to: customer.email ?? '',
    messageId: `<${taskId}.${input.vacationId}@layover>`,
    subject: `Your vacation from ${input.startsOn} to ${input.endsOn} is booked`,
    text: [
      `${customer.name}, ${input.travellers} travellers`,
      '',
      ...lines,
      '',
      `Total ${(total.amount / 100).toFixed(2)} ${total.currency}`,
    ].join('\n'),
  }
}
