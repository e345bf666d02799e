/** A defect measured in a peer, as a sentence about us: several tabs of one installation. */
import type { Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { hasTasks, raiseLab } from '../lab/stage.ts'

const stage = raiseLab()

const TAB = { name: 'tabs', answerWithinMs: 0 }
/** Longer than any tab waits for a leader that hangs. */
const HANG_MS = 45_000

const entriesOf = (page: Page): Promise<string[]> => page.evaluate(() => window.lab.entries().map(({ note }) => note))

/** The tab that sends from now on. */
function sender(pages: readonly Page[]): Promise<Page> {
  return Promise.race(
    pages.map(page =>
      page.waitForRequest(request => request.postData()?.includes('TaskInput') ?? false).then(() => page),
    ),
  )
}

/** One after the other, so that their order is known, each by the next tab. */
async function queue(pages: readonly Page[], ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries())
    await pages[index % pages.length]!.evaluate(each => window.lab.create(each), id)
}

const show = (pages: readonly Page[], ids: readonly string[]): Promise<unknown> =>
  Promise.all(
    pages.map(page =>
      page.waitForFunction(wanted => wanted.every(id => window.lab.shown().includes(id)), [...ids], { polling: 50 }),
    ),
  )

test('every tab can queue; another tab takes over when the sending one dies', async () => {
  const { gateway, lab } = stage
  const tabs = [await lab.open(TAB), await lab.open(TAB), await lab.open(TAB)]
  let open = true
  gateway.onAnswer = request => (hasTasks(request) && !open ? new Promise(() => undefined) : undefined)

  // The gateway has the first tasks and does not answer: what all three queue waits, and all three see it.
  open = false
  const sending = sender(tabs)
  const first = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']
  await queue(tabs, first)
  await show(tabs, first)
  for (const tab of tabs) expect(await entriesOf(tab)).toEqual(first)
  const dying = await sending
  await dying.close()
  open = true
  const left = tabs.filter(tab => tab !== dying)
  await Promise.all(left.map(tab => tab.waitForFunction(() => window.lab.entries().length === 0)))
  expect([...gateway.notes.keys()]).toEqual(first)

  // The tab that sends now does not die but hangs: it keeps whatever lock it holds.
  const next = sender(left)
  const second = ['b1', 'b2']
  await queue(left, second)
  const hanging = await next
  const living = left.find(tab => tab !== hanging)!
  await living.waitForFunction(() => window.lab.entries().length === 0)
  const hung = hanging.evaluate(ms => window.lab.hang(ms), HANG_MS).catch(() => undefined) // It is closed meanwhile.
  const third = ['c1', 'c2', 'c3']
  await queue([living], third)
  await vi.waitFor(() => expect([...gateway.notes.keys()]).toEqual([...first, ...second, ...third]), {
    timeout: 30_000,
  })
  await living.waitForFunction(() => window.lab.entries().length === 0)
  await show([living], [...first, ...second, ...third])
  expect(new Set(gateway.applied).size).toBe(gateway.applied.length)
  expect(gateway.applied).toHaveLength(11)
  await hanging.close()
  await hung
}, 90_000)
