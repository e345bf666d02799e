import { Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'

export function DeviceScreen(): ReactNode {
  return <Title order={2}>{texts.device.title}</Title>
}
