import { Alert, Button, Center, Group, Loader, Stack, Text, Title } from '@mantine/core'
import { LayoverError } from 'layover/client'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'

const words = texts.shell

export function Opening(): ReactNode {
  return (
    <Center component="main" mih="60vh" role="status">
      <Group gap="sm">
        <Loader size="sm" aria-hidden />
        {words.opening}
      </Group>
    </Center>
  )
}

/** What a person can do about it, where that is known. */
function remedy(reason: unknown): string | undefined {
  if (!window.isSecureContext) return words.remedies.insecure
  if (!(reason instanceof LayoverError)) return undefined
  if (reason.code === 'STORAGE_FAILED') return words.remedies.storage
  return reason.code === 'WRONG_KEY' ? words.remedies.key : undefined
}

/** The device could not be opened: nothing is shown that is not there, and nothing is lost. */
export function OpenFailed({ reason, onLeave }: { reason: unknown; onLeave(): void }): ReactNode {
  const help = remedy(reason)
  return (
    <Center component="main" mih="60vh" p="md">
      <Stack maw={560} role="alert">
        <Title order={1} size="h3">
          {words.openFailed}
        </Title>
        {help && <Text>{help}</Text>}
        <Alert color="red">{reason instanceof LayoverError ? reason.message : problemText(reason)}</Alert>
        <Group>
          <Button variant="filled" onClick={() => window.location.reload()}>
            {words.tryAgain}
          </Button>
          <Button onClick={onLeave}>{words.anotherUser}</Button>
        </Group>
      </Stack>
    </Center>
  )
}

/** A screen's chunk is on its way. */
export function Loading(): ReactNode {
  return (
    <Group gap="sm" role="status">
      <Loader size="sm" aria-hidden />
      {words.loading}
    </Group>
  )
}

export function NotFound(): ReactNode {
  return (
    <Stack align="flex-start">
      <Title order={2}>{words.notFound}</Title>
      <Button component={Link} href="/vacations">
        {words.toVacations}
      </Button>
    </Stack>
  )
}
