import { Group, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { StaleNotice } from './stale-notice.tsx'

interface ScreenHeaderProps {
  title: string
  /** Buttons at its end. */
  actions?: ReactNode
  /** The type of record whose age the screen's notice tells. */
  freshness?: 'Customer' | 'Vacation' | 'HotelOffer'
}

/** What every screen begins with. */
export function ScreenHeader({ title, actions, freshness }: ScreenHeaderProps): ReactNode {
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={2}>{title}</Title>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {freshness && <StaleNotice type={freshness} />}
    </>
  )
}
