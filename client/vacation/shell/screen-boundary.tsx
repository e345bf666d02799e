import { Alert, Button, Group, Stack } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { texts } from '../texts/index.ts'

const words = texts.shell.boundary

interface BoundaryProps {
  /** Another one is another attempt. */
  place: string
  children: ReactNode
}

/** A screen that fails, or whose chunk does not come, takes nothing else with it: what was queued is on the device. */
export class ScreenBoundary extends Component<BoundaryProps, { failedAt: string | undefined }> {
  override state = { failedAt: undefined }

  static getDerivedStateFromError(): { failedAt: string } {
    return { failedAt: 'here' }
  }

  override componentDidUpdate(before: BoundaryProps): void {
    if (before.place !== this.props.place && this.state.failedAt !== undefined) this.setState({ failedAt: undefined })
  }

  override render(): ReactNode {
    if (this.state.failedAt === undefined) return this.props.children
    return (
      <Alert color="red" role="alert" title={words.title}>
        <Stack>
          {words.safe}
          <Group>
            <Button onClick={() => window.location.reload()}>{words.reload}</Button>
          </Group>
        </Stack>
      </Alert>
    )
  }
}
