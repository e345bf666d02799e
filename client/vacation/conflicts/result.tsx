import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { fieldWord } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { type Choices, type Compared, isWhole, resultOf, settlementOf } from './choices.ts'
import classes from './conflicts.module.css'
import { useShownValue } from './shown-values.ts'

const words = texts.conflicts

/** What would be on the server after the decision. */
export function Result({ conflict, choices }: { conflict: Compared; choices: Choices }): ReactNode {
  const shown = useShownValue()
  const values = resultOf(conflict, choices)
  const settlement = settlementOf(conflict, choices)
  const isDropped = settlement?.decision === 'TAKE_THEIRS' && settlement.anew === undefined
  if (isWhole(conflict)) return settlement?.anew ? <Text size="sm">{words.asksSuppliers}</Text> : null
  return (
    <div className={classes['result']} aria-live="polite">
      <Text size="sm" fw={600}>
        {words.result}
      </Text>
      {!values && <Text size="sm">{words.chooseAll}</Text>}
      {values && (
        <dl>
          {Object.keys(values).map(field => (
            <div key={field} className={classes['pair']}>
              <dt>{fieldWord(field)}</dt>
              <dd>{shown(values, field)}</dd>
            </div>
          ))}
        </dl>
      )}
      {isDropped && <Text size="sm">{words.staysAsOnServer}</Text>}
      {settlement?.anew && <Text size="sm">{words.asksSuppliers}</Text>}
    </div>
  )
}
