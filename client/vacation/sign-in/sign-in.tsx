import { Alert, Button, Card, Center, Group, Stack, Text, Title, UnstyledButton } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { type DemoUser, demoUsers, type Session, sessionOfToken } from '../device/session.ts'
import { texts } from '../texts/index.ts'
import classes from './sign-in.module.css'
import { TokenForm } from './token-form.tsx'

const words = texts.signIn

type Choice = { users: readonly DemoUser[] | undefined } | 'unreachable' | undefined

interface SignInProps {
  onSignedIn(session: Session, token?: string): void
}

/** The first thing that a visitor sees. */
export function SignIn({ onSignedIn }: SignInProps): ReactNode {
  const [choice, setChoice] = useState<Choice>()
  useEffect(() => {
    demoUsers().then(
      users => setChoice({ users }),
      () => setChoice('unreachable'),
    )
  }, [])
  return (
    <Center component="main" mih="90vh" p="md">
      <Stack maw={440} w="100%" gap="lg">
        <Group gap="sm" wrap="nowrap">
          <img src="/icon.svg" alt="" width={48} height={48} />
          <div>
            <Title order={1}>{words.product}</Title>
            <Text>{words.claim}</Text>
          </div>
        </Group>
        {choice === undefined && <Text role="status">{words.asking}</Text>}
        {choice === 'unreachable' && (
          <Alert color="orange" role="alert">
            <Stack align="flex-start">
              {words.unreachable}
              <Button onClick={() => window.location.reload()}>{words.tryAgain}</Button>
            </Stack>
          </Alert>
        )}
        {typeof choice === 'object' && choice.users && <DemoUsers users={choice.users} onSignedIn={onSignedIn} />}
        {typeof choice === 'object' && !choice.users && (
          <Card>
            <TokenForm onToken={token => onSignedIn(sessionOfToken(token), token)} />
          </Card>
        )}
      </Stack>
    </Center>
  )
}

function DemoUsers({ users, onSignedIn }: SignInProps & { users: readonly DemoUser[] }): ReactNode {
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {words.who}
      </Title>
      {users.map(each => (
        <UnstyledButton key={each.user} className={classes['user']} onClick={() => onSignedIn({ ...each, by: 'demo' })}>
          <Text component="span" fw={650}>
            {each.label}
          </Text>
          <Text component="span" size="sm">
            {words.rolesOf(each.roles, each.agency)}
          </Text>
        </UnstyledButton>
      ))}
      <Text size="sm">{words.supervisorHint}</Text>
      <Text size="sm">{words.demoHint}</Text>
    </Stack>
  )
}
