import { Button, Progress, Stack, Text, Title } from '@mantine/core'
import { useOutbox } from 'layover/react'
import { type ReactNode, useEffect, useState } from 'react'
import { texts } from '../texts/index.ts'

const words = texts.device

interface Use {
  used: number
  quota: number
  isPersisted: boolean
}

async function readUse(): Promise<Use | undefined> {
  // Only a secure page is told.
  if (!navigator.storage?.estimate) return undefined
  const [{ usage = 0, quota = 0 }, isPersisted] = await Promise.all([
    navigator.storage.estimate(),
    navigator.storage.persisted(),
  ])
  return { used: usage, quota, isPersisted }
}

export function StorageUse(): ReactNode {
  const [use, setUse] = useState<Use>()
  const [isRefused, setRefused] = useState(false)
  const entries = useOutbox(outbox => outbox.entries)
  useEffect(() => {
    void entries // What is stored has changed with them.
    let isCurrent = true
    readUse().then(
      found => isCurrent && setUse(found),
      () => undefined,
    )
    return () => {
      isCurrent = false
    }
  }, [entries])
  const persist = async (): Promise<void> => {
    setRefused(!(await navigator.storage.persist()))
    setUse(await readUse())
  }
  return (
    <Stack gap="xs" align="flex-start">
      <Title order={3} size="h4">
        {words.storage}
      </Title>
      <Text>{use ? words.used(use.used, use.quota) : words.unknownUse}</Text>
      {use && use.quota > 0 && (
        <Progress w="100%" maw={400} value={(100 * use.used) / use.quota} aria-label={words.storage} />
      )}
      {use && <Text>{use.isPersisted ? words.persisted : words.notPersisted}</Text>}
      {use && !use.isPersisted && <Button onClick={() => void persist()}>{words.persist}</Button>}
      {isRefused && <Text role="status">{words.refused}</Text>}
    </Stack>
  )
}
