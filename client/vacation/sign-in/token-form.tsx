import { Button, Stack, Textarea } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'

const words = texts.signIn

/** @param onToken throws, in words, for what is no token, or not the right one */
export function TokenForm({ onToken }: { onToken(token: string): void | Promise<void> }): ReactNode {
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string>()
  const submit = async (): Promise<void> => {
    try {
      setProblem(undefined)
      await onToken(token.trim())
    } catch (reason) {
      setProblem(problemText(reason))
    }
  }
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
    >
      <Stack>
        <Textarea
          label={words.token}
          description={words.tokenHint}
          rows={4}
          value={token}
          error={problem}
          onChange={event => setToken(event.currentTarget.value)}
        />
        <Button type="submit" variant="filled">
          {words.signIn}
        </Button>
      </Stack>
    </form>
  )
}
