import { Button, Stack, Table, Title } from '@mantine/core'
import { useConnection, useFreshness, useOutbox } from 'layover/react'
import { type ReactNode, useState, useSyncExternalStore } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { isUnsettled } from '../outbox/state-word.ts'
import { momentOf, timeOfDay } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { toastProblem } from '../ui/toast.ts'
import { BUILD } from './build.ts'

const words = texts.device
const yesNo = (is: boolean): string => (is ? words.yes : words.no)

/** What whoever helps will ask for first: no token, and nothing of any customer. */
function useReport(): readonly (readonly [name: string, value: string])[] {
  const { session, troubles } = useSignedIn()
  const { mode, state } = useConnection()
  const { entries } = useOutbox()
  const { lastSyncedAt } = useFreshness()
  const errors = useSyncExternalStore(troubles.subscribe, () => troubles.list)
  const waiting = entries.filter(isUnsettled)
  const byState = new Map<string, number>()
  for (const { status } of entries) byState.set(status, (byState.get(status) ?? 0) + 1)
  return [
    [words.rows.connection, words.connectionText(mode, state)],
    [words.rows.waiting, String(waiting.length)],
    [words.rows.oldest, waiting[0] ? momentOf(waiting[0].queuedAt) : words.none],
    [words.rows.states, [...byState].map(([status, count]) => `${status} ${count}`).join(', ') || words.none],
    [words.rows.lastSync, lastSyncedAt ? momentOf(lastSyncedAt.toISOString()) : words.never],
    [words.rows.user, session.user],
    [words.rows.agency, session.agency],
    [words.rows.version, BUILD],
    [words.rows.worker, navigator.serviceWorker?.controller ? words.yes : words.notYet],
    [words.rows.secure, yesNo(window.isSecureContext)],
    [words.rows.tabs, yesNo('locks' in navigator && 'BroadcastChannel' in window)],
    [
      words.rows.lastErrors,
      errors.map(({ at, code, message }) => `${timeOfDay(at)} ${code}: ${message}`).join('\n') || words.none,
    ],
  ]
}

export function Diagnostics(): ReactNode {
  const report = useReport()
  const [isCopied, setCopied] = useState(false)
  const copy = (): void => {
    const text = report.map(([name, value]) => `${name}: ${value}`).join('\n')
    navigator.clipboard.writeText(text).then(() => setCopied(true), toastProblem)
  }
  return (
    <Stack gap="xs" align="flex-start">
      <Title order={3} size="h4">
        {words.diagnostics}
      </Title>
      <Table>
        <Table.Tbody>
          {report.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {typeof navigator.clipboard !== 'undefined' && (
        <Button onClick={copy}>{isCopied ? words.copied : words.copy}</Button>
      )}
    </Stack>
  )
}
