import { Kbd, Modal, Table } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'

const words = texts.shell

export function ShortcutList({ onClose }: { onClose(): void }): ReactNode {
  return (
    <Modal opened onClose={onClose} title={words.shortcuts}>
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
    </Modal>
  )
}
