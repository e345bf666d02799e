import { Alert, Button, Modal, Stack, Text } from '@mantine/core'
import { useOfflineClient, useOutbox } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { TokenForm } from './token-form.tsx'

const words = texts.signIn

/** Ends the waiting for a token, in this tab and in the one that sends. Nothing that waits is touched. */
export function SignInAgain({ onClose }: { onClose(): void }): ReactNode {
  const { session, tokens } = useSignedIn()
  const { outbox } = useOfflineClient()
  const waiting = useOutbox(each => each.waiting)
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const signIn = async (token?: string): Promise<void> => {
    await tokens.signInAgain(token)
    // Whoever paused it for another reason is not overruled.
    if (outbox.pausedBy === 'sign-in') outbox.resume()
    onClose()
  }
  return (
    <Modal opened onClose={onClose} title={words.again}>
      <Stack>
        <Text>{words.againHint(waiting)}</Text>
        {session.by === 'token' ? (
          <TokenForm onToken={signIn} />
        ) : (
          <Button
            variant="filled"
            data-autofocus
            loading={isBusy}
            onClick={() => {
              setBusy(true)
              setProblem(undefined)
              signIn()
                .catch((reason: unknown) => setProblem(problemText(reason)))
                .finally(() => setBusy(false))
            }}
          >
            {words.againAs(session.label)}
          </Button>
        )}
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
      </Stack>
    </Modal>
  )
}
