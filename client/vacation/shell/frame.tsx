import { Group, Title } from '@mantine/core'
import { useOutbox } from 'layover/react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { texts } from '../texts/index.ts'

const words = texts.shell

/** What stands around every screen: who works here, where one can go, and how the changes fare. */
export function Frame({ children }: { onSignedOut(): void; children: ReactNode }): ReactNode {
  const waiting = useOutbox(outbox => outbox.waiting)
  return (
    <>
      <title>{waiting > 0 ? `(${waiting}) ${words.product}` : words.product}</title>
      <Group component="header" p="md">
        <Title order={1} size="h3">
          {words.product}
        </Title>
        <nav aria-label={words.views}>
          <Link href="/vacations">{words.vacations}</Link> <Link href="/customers">{words.customers}</Link>{' '}
          <Link href="/offers">{words.offers}</Link> <Link href="/device">{words.device}</Link>
        </nav>
      </Group>
      <main className="screen">{children}</main>
    </>
  )
}
