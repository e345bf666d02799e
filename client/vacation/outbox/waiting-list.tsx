import { Button, Text, VisuallyHidden } from '@mantine/core'
import { useOutbox } from 'layover/react'
import { type FocusEvent, type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'
import type { Records } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { EntryItem } from './entry-item.tsx'
import classes from './outbox.module.css'

const words = texts.outbox
const PAGE = 50

/** The item of the list in which an event happened; undefined for one from a dialog that an item has opened. */
function itemOf({
  currentTarget,
  target,
}: FocusEvent<HTMLElement> | KeyboardEvent<HTMLElement>): HTMLElement | undefined {
  return ([...currentTarget.children] as HTMLElement[]).find(item => item.contains(target as Node))
}

/** In the order in which it will leave. One stop for the Tab key: arrows go from change to change, Tab goes on to the buttons of the one that has the focus. */
export function WaitingList({ records }: { records: Records }): ReactNode {
  const entries = useOutbox(outbox => outbox.entries)
  const [shown, setShown] = useState(PAGE)
  const [currentId, setCurrentId] = useState<string>()
  const list = useRef<HTMLOListElement>(null)
  /** The place that had the focus when it last was in the list. */
  const place = useRef<number>(undefined)
  const hintId = useId()
  const visible = entries.slice(0, shown)
  const current = visible.find(({ id }) => id === currentId) ?? visible[0]
  const hidden = entries.length - visible.length

  // Who was on a change that left stays in the list, on what stands there now.
  useLayoutEffect(() => {
    if (place.current === undefined || document.activeElement !== document.body) return
    const items = list.current?.children
    const item = items?.[Math.min(place.current, items.length - 1)]
    if (entries.length > 0 && item instanceof HTMLElement) item.focus()
  }, [entries])

  const focused = (event: FocusEvent<HTMLOListElement>): void => {
    const item = itemOf(event)
    if (!item) return
    place.current = [...event.currentTarget.children].indexOf(item)
    setCurrentId(visible[place.current]?.id)
  }
  const blurred = ({ currentTarget, relatedTarget }: FocusEvent<HTMLOListElement>): void => {
    // Not by a dialog of its own, which gives the focus back.
    const isBeside = currentTarget.closest('[role="dialog"]')?.contains(relatedTarget) ?? false
    if (isBeside && relatedTarget && !currentTarget.contains(relatedTarget)) place.current = undefined
  }
  return (
    <>
      {entries.length === 0 && <Text>{words.nothingWaits}</Text>}
      <ol
        ref={list}
        aria-label={words.waitingList}
        aria-describedby={entries.length > 1 ? hintId : undefined}
        className={classes['list']}
        onKeyDown={rove}
        onFocus={focused}
        onBlur={blurred}
      >
        {visible.map(entry => (
          <EntryItem key={entry.id} entry={entry} records={records} isCurrent={entry.id === current?.id} />
        ))}
      </ol>
      {entries.length > 1 && <VisuallyHidden id={hintId}>{words.keysHint}</VisuallyHidden>}
      {hidden > 0 && <Button onClick={() => setShown(shown + PAGE)}>{words.showMore(Math.min(hidden, PAGE))}</Button>}
    </>
  )
}

function rove(event: KeyboardEvent<HTMLOListElement>): void {
  const item = itemOf(event)
  if (!item) return
  const items = [...event.currentTarget.children] as HTMLElement[]
  const [at, last] = [items.indexOf(item), items.length - 1]
  const to = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key]
  if (to === undefined) return
  event.preventDefault()
  items[to]?.focus()
}
