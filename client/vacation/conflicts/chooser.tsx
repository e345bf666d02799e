import { Button, Checkbox, Group, Radio, Stack, Text } from '@mantine/core'
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
  isWhole,
  type Side,
  uncontested,
  WHOLE,
} from './choices.ts'
import { Comparison, type Heads } from './comparison.tsx'
import classes from './conflicts.module.css'
import { Result } from './result.tsx'
import { useShownValue } from './shown-values.ts'

const words = texts.conflicts

interface ChooserProps {
  conflict: Compared
  choices: Choices
  heads: Heads
  newer?: Side | undefined
  /** 'agent': of somebody else, so the words do not say "yours". */
  whose: 'own' | 'agent'
  readOnly: boolean
  onChoose(choices: Choices): void
}

/** What both sides wanted, and the choice between them, down to what would come of it. */
export function Chooser(props: ChooserProps): ReactNode {
  const { conflict, choices, heads, newer, whose, readOnly, onChoose } = props
  const all = (side: Side): void => onChoose(choose(conflict, contested(conflict), side))
  return (
    <Stack>
      <Comparison
        conflict={conflict}
        choices={choices}
        heads={heads}
        newer={newer}
        readOnly={readOnly}
        onChoose={onChoose}
      />
      {!readOnly && !isWhole(conflict) && (
        <Group gap="xs" role="group" aria-label={words.quick} className={classes['quick']}>
          <Button onClick={() => all('mine')}>{whose === 'own' ? words.allMine : words.keepAgents}</Button>
          <Button onClick={() => all('theirs')}>{words.allTheirs}</Button>
        </Group>
      )}
      <Alongside conflict={conflict} choices={choices} readOnly={readOnly} onChoose={onChoose} />
      {!readOnly && isWhole(conflict) && <WholeChoice {...props} />}
      {!readOnly && <Result conflict={conflict} choices={choices} />}
    </Stack>
  )
}

/** What the same change wanted of other fields. It may be left out, but not by oversight. */
function Alongside({
  conflict,
  choices,
  readOnly,
  onChoose,
}: Pick<ChooserProps, 'conflict' | 'choices' | 'readOnly' | 'onChoose'>): ReactNode {
  const shown = useShownValue()
  const fields = uncontested(conflict)
  if (fields.length === 0) return null
  const values = fields.map(field =>
    words.instead(fieldWord(field), shown(conflict.mine, field), shown(conflict.theirs, field)),
  )
  const hint = `${values.join(' · ')}. ${words.alongside}`
  if (readOnly) return <Text size="sm">{hint}</Text>
  return (
    <Checkbox
      label={words.alongsideChoice(fields.map(field => fieldWord(field).toLowerCase()).join(', '))}
      description={hint}
      checked={!fields.some(field => chosen(conflict, choices, field) === 'theirs')}
      onChange={event => onChoose(choose(conflict, fields, event.currentTarget.checked ? 'mine' : 'theirs'))}
    />
  )
}

/** Where one side deleted the record, or nothing can be decided field by field. */
function WholeChoice({ conflict, choices, whose, onChoose }: ChooserProps): ReactNode {
  const wholes = whose === 'own' ? words.wholes : words.agentWholes
  const [mine, theirs] =
    conflict.theirs === null
      ? [wholes.restore, wholes.leaveDeleted]
      : isDeletion(conflict)
        ? [wholes.deleteIt, wholes.keepIt]
        : [wholes.mine, wholes.theirs]
  return (
    <Radio.Group
      label={words.whole}
      value={chosen(conflict, choices, WHOLE) ?? null}
      onChange={side => onChoose(choose(conflict, [WHOLE], side as Side))}
    >
      <Stack gap="xs" mt="xs">
        <Radio value="mine" label={mine[0]} description={mine[1]} />
        <Radio value="theirs" label={theirs[0]} description={theirs[1]} />
      </Stack>
    </Radio.Group>
  )
}
