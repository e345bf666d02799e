import { Alert, Button, Center, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { type DemoUser, demoUsers, type Session } from '../device/session.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'

const words = texts.signIn

type Choice = { users: readonly DemoUser[] } | { problem: string } | undefined

/** Picks a demo user. */
export function SignIn({ onSignedIn }: { onSignedIn(session: Session, token?: string): void }): ReactNode {
  const [choice, setChoice] = useState<Choice>()

  useEffect(() => {
    demoUsers().then(
      users => setChoice({ users: users ?? [] }),
      (reason: unknown) => setChoice({ problem: `${words.unreachable} ${problemText(reason)}` }),
    )
  }, [])

  return (
    <Center component="main" mih="80vh" p="md">
      <Stack maw={420} w="100%">
        <Title order={1}>{words.product}</Title>
        <Text>{words.invitation}</Text>
        {!choice && <Text role="status">{words.asking}</Text>}
        {choice &&
          'users' in choice &&
          choice.users.map(each => (
            <Button
              key={each.user}
              size="lg"
              justify="space-between"
              rightSection={<Text size="sm">{words.rolesOf(each.roles, each.agency)}</Text>}
              onClick={() => onSignedIn({ ...each, by: 'demo' })}
            >
              {each.label}
            </Button>
          ))}
        {choice && 'problem' in choice && (
          <Alert color="red" role="alert">
            {choice.problem}
            <Button onClick={() => window.location.reload()}>{words.tryAgain}</Button>
          </Alert>
        )}
      </Stack>
    </Center>
  )
}
