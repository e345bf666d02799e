import { Radio, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { fieldWord } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import {
  type Choices,
  type Compared,
  choose,
  chosen,
  contested,
  isDeletion,
  isOfSuppliers,
  isWhole,
  type Side,
} from './choices.ts'
import classes from './conflicts.module.css'
import { useShownValue } from './shown-values.ts'

const words = texts.conflicts

/** The heads of the columns. */
export interface Heads {
  started: string
  mine: string
  theirs: string
}

interface ComparisonProps {
  conflict: Compared
  choices: Choices
  heads: Heads
  /** Which side was changed last; undefined: that is not known. */
  newer?: Side | undefined
  readOnly: boolean
  onChoose(choices: Choices): void
}

/** Field by field: what it was, and what both sides made of it. Nothing is chosen beforehand. A field is a card where there is no room for columns. */
export function Comparison(props: ComparisonProps): ReactNode {
  const { conflict, heads, newer } = props
  const head = (side: Side): string => (newer === side ? `${heads[side]} (${words.newer})` : heads[side])
  return (
    <div className={classes['table']}>
      <div className={classes['heads']} aria-hidden>
        <span>{words.field}</span>
        <span>{heads.started}</span>
        <span>{head('mine')}</span>
        <span>{head('theirs')}</span>
      </div>
      {conflict.fields.map(field => (
        <Field key={field} {...props} field={field} head={head} />
      ))}
    </div>
  )
}

function Field({
  conflict,
  choices,
  heads,
  head,
  field,
  readOnly,
  onChoose,
}: ComparisonProps & { field: string; head(side: Side): string }): ReactNode {
  const shown = useShownValue()
  const isOpen = contested(conflict).includes(field)
  const isChoice = isOpen && !readOnly
  const name = fieldWord(field)
  // Where it is all or nothing, the choice below says so.
  const why = isOpen || isWhole(conflict) ? undefined : isOfSuppliers(conflict, field) ? words.readOnly : words.notYours
  return (
    <div className={classes['row']} {...{ role: isChoice ? 'radiogroup' : 'group', 'aria-label': name }}>
      <div className={classes['field']}>
        {name}
        {why && <Text size="sm">{why}</Text>}
      </div>
      <Cell head={heads.started}>{conflict.base === null ? words.unknownStart : shown(conflict.base, field)}</Cell>
      {(['mine', 'theirs'] as const).map(side => {
        const value = side === 'mine' && isDeletion(conflict) ? words.willBeDeleted : shown(conflict[side], field)
        return (
          <Cell key={side} head={head(side)} isChosen={isOpen && chosen(conflict, choices, field) === side}>
            {isChoice ? (
              <Radio
                name={`conflict-${field}`}
                classNames={{ body: classes['option'] ?? '', label: classes['optionLabel'] ?? '' }}
                checked={chosen(conflict, choices, field) === side}
                aria-label={`${words.choice(name, heads[side].toLowerCase())}: ${value}`}
                label={value}
                onChange={() => onChoose(choose(conflict, [field], side))}
              />
            ) : (
              value
            )}
          </Cell>
        )
      })}
    </div>
  )
}

/** Its head is said to who listens, and stands there where the heads of the columns do not. */
function Cell({
  head,
  isChosen = false,
  children,
}: {
  head: string
  isChosen?: boolean
  children: ReactNode
}): ReactNode {
  return (
    <div className={classes['cell']} data-chosen={isChosen}>
      <span className={classes['cellHead']}>{head}</span>
      <div className={classes['value']}>{children}</div>
    </div>
  )
}
