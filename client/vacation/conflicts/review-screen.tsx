import { Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'

export function ReviewScreen(): ReactNode {
  return <Title order={2}>{texts.conflicts.title}</Title>
}
