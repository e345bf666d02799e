import { gql, type TypedDocumentNode } from '@apollo/client'
import { task } from 'layover/client'

interface Opened {
  openTicket: { ticket: { id: string; version: number; about: string } | null }
}
/** The server numbers tickets. `temporary` is no variable of the document: it stays with the task and is not sent. */
export const OPEN_TICKET: TypedDocumentNode<Opened, { temporary: string; about: string }> = gql`
  mutation OpenTicket($task: TaskInput, $about: String!) {
    openTicket(task: $task, about: $about) { task { id status } ticket { id version about } } }`
export const openTicket = task(OPEN_TICKET, {
  optimistic: ({ temporary, about }) => ({
    openTicket: { ticket: { __typename: 'Ticket', id: temporary, version: 0, about } },
  }),
})
