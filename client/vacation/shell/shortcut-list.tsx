import { Kbd, Modal, Stack, Switch, Table } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'
import { useShortcutChoice } from './shortcut-choice.ts'

const words = texts.shell

export function ShortcutList({ onClose }: { onClose(): void }): ReactNode {
  const [isOn, choose] = useShortcutChoice()
  return (
    <Modal opened onClose={onClose} title={words.shortcuts}>
      <Stack>
        <Table>
          <Table.Tbody>
            {words.shortcutList.map(([keys, does]) => (
              <Table.Tr key={keys}>
                <Table.Th scope="row">
                  {keys.split(' ').map(key => (
                    <Kbd key={key} mr={4}>
                      {key}
                    </Kbd>
                  ))}
                </Table.Th>
                <Table.Td>{does}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Switch
          label={words.shortcutsOn}
          description={words.shortcutsHint}
          checked={isOn}
          onChange={event => choose(event.currentTarget.checked)}
        />
      </Stack>
    </Modal>
  )
}
