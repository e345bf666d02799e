import { Radio, Table, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useOffers, useRecords } from '../device/records.ts'
import { fieldWord, shownValue } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import classes from './conflicts.module.css'

const words = texts.conflicts

export type Side = 'mine' | 'theirs'
/** Which side each field is taken from; a field that nobody decided about is missing. */
export type Sides = Readonly<Record<string, Side>>
type Values = Readonly<Record<string, unknown>> | null | undefined

/** Of a conflict, what is compared: the same shape on the device and in a task's report. */
export interface Compared {
  fields: readonly string[]
  base: Values
  mine: Values
  /** null: deleted on the server. */
  theirs: Values
}

/** What a supplier has to say about a vacation is nobody's choice. */
const OF_SUPPLIERS: ReadonlySet<string> = new Set(['hotel', 'flight', 'car', 'total', 'status'])

export const decidable = ({ fields }: Compared): readonly string[] => fields.filter(field => !OF_SUPPLIERS.has(field))

/** The record's fields as they would be; undefined while a field is undecided. */
export function mergedValues(conflict: Compared, sides: Sides): Record<string, unknown> | undefined {
  const fields = decidable(conflict)
  if (fields.some(field => sides[field] === undefined)) return undefined
  return Object.fromEntries(fields.map(field => [field, conflict[sides[field] ?? 'theirs']?.[field] ?? null]))
}

/** A value as a person reads it: names instead of ids. */
function useShown(): (values: Values, field: string) => string {
  const { customer } = useRecords()
  const { offer } = useOffers()
  return (values, field) => {
    const value = values?.[field]
    if (field === 'customerId' && typeof value === 'string') return customer(value)?.name ?? value
    if (field.endsWith('OfferId') && typeof value === 'string') return offer(value)?.name ?? value
    return shownValue(values, field)
  }
}

interface ComparisonProps {
  conflict: Compared
  sides: Sides
  /** The heads of the columns. */
  heads: { started: string; mine: string; theirs: string }
  readOnly: boolean
  onChoose(field: string, side: Side): void
}

/** Field by field: what it was, and what both sides made of it. Nothing is chosen beforehand. */
export function Comparison({ conflict, sides, heads, readOnly, onChoose }: ComparisonProps): ReactNode {
  const shown = useShown()
  return (
    <Table className={classes['table']}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{words.field}</Table.Th>
          <Table.Th scope="col">{heads.started}</Table.Th>
          <Table.Th scope="col">{heads.mine}</Table.Th>
          <Table.Th scope="col">
            {heads.theirs} ({words.newer})
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {conflict.fields.map(field => {
          const isFixed = readOnly || conflict.theirs === null || OF_SUPPLIERS.has(field)
          const cell = (side: Side): ReactNode => (
            <Table.Td data-head={heads[side]} data-chosen={sides[field] === side}>
              {isFixed ? (
                shown(conflict[side], field)
              ) : (
                <Radio
                  name={`conflict-${field}`}
                  checked={sides[field] === side}
                  aria-label={`${words.choice(fieldWord(field), heads[side].toLowerCase())}: ${shown(conflict[side], field)}`}
                  label={shown(conflict[side], field)}
                  onChange={() => onChoose(field, side)}
                />
              )}
            </Table.Td>
          )
          return (
            <Table.Tr key={field}>
              <Table.Th scope="row">
                {fieldWord(field)}
                {OF_SUPPLIERS.has(field) && <Text size="sm">{words.readOnly}</Text>}
              </Table.Th>
              <Table.Td data-head={heads.started}>{shown(conflict.base ?? {}, field)}</Table.Td>
              {cell('mine')}
              {cell('theirs')}
            </Table.Tr>
          )
        })}
      </Table.Tbody>
    </Table>
  )
}

/** What would be on the server after the decision. */
export function Result({ conflict, sides }: { conflict: Compared; sides: Sides }): ReactNode {
  const shown = useShown()
  const values = mergedValues(conflict, sides)
  const text = values
    ? Object.keys(values)
        .map(field => `${fieldWord(field)}: ${shown(values, field)}`)
        .join(' · ')
    : words.chooseAll
  return (
    <Text size="sm" aria-live="polite">
      <strong>{words.result}</strong> {text}
    </Text>
  )
}
