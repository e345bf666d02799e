import { Alert, Button, Center, Group, Loader, Stack, Title } from '@mantine/core'
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

/** The device could not be opened: nothing is shown that is not there, and nothing is lost. */
export function OpenFailed({ reason, onLeave }: { reason: unknown; onLeave(): void }): ReactNode {
  return (
    <Center component="main" mih="60vh" p="md">
      <Stack maw={560} role="alert">
        <Title order={1} size="h3">
          {words.openFailed}
        </Title>
        <Alert color="red">{problemText(reason)}</Alert>
        <Group>
          <Button variant="filled" onClick={() => window.location.reload()}>
            {words.tryAgain}
          </Button>
          <Button onClick={onLeave}>{texts.signIn.product}</Button>
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
