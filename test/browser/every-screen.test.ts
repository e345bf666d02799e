/** What has to hold on every screen: with light and dark colours, on a wide window and a narrow one. */
import axe, { type AxeResults, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import { raiseStage, type Stage } from '../support/stage.ts'
import { watch } from '../support/watched-page.ts'
import { fillGateway, fillOutbox, SCREENS } from './screens.ts'
import { signIn } from './travel-agent.ts'

const WIDE = { width: 1200, height: 900 }
const NARROW = { width: 360, height: 740 }

let stage: Stage

beforeAll(async () => {
  if (!browserMissing) stage = await raiseStage()
}, 120_000)

afterAll(() => stage?.close())

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

test('the sign-in is readable and usable, light and dark, wide and narrow', async () => {
  const page = await stage.browser.openPage(WIDE)
  const watched = watch(page, new URL(stage.url).host)
  await page.goto(stage.url)
  await page.getByRole('button', { name: /Agent 1/ }).waitFor()
  expect(await defects(page)).toEqual([])
  expect({ ...watched, scripts: [] }).toEqual({ blocked: [], foreign: [], thrown: [], workers: [], scripts: [] })
  await page.close()
})

test('every screen is readable and usable, light and dark, wide and narrow, and keeps to the policy of the page', async () => {
  await fillGateway(stage)
  const page = await signIn(stage, 'Agent 1', WIDE)
  const watched = watch(page, new URL(stage.url).host)
  await fillOutbox(stage, page)
  const found: Record<string, readonly string[]> = {}
  for (const { name, path, show } of SCREENS) {
    if (path !== undefined) await page.goto(stage.url + path)
    await show(page)
    found[name] = await defects(page)
  }
  const clean = Object.fromEntries(SCREENS.map(({ name }) => [name, []]))
  expect({ ...found, blocked: watched.blocked, foreign: watched.foreign, thrown: watched.thrown }).toEqual({
    ...clean,
    blocked: [],
    foreign: [],
    thrown: [],
  })
}, 240_000)

/** Where a screen is looked at, and for what: structure depends on the width, colours on the scheme, and neither on both. */
const LOOKS: readonly Look[] = [
  { size: WIDE, colorScheme: 'light', of: {} },
  { size: WIDE, colorScheme: 'dark', of: { runOnly: ['color-contrast'] } },
  { size: NARROW, colorScheme: 'light', of: { rules: { 'color-contrast': { enabled: false } } } },
]

interface Look {
  readonly size: { width: number; height: number }
  readonly colorScheme: 'light' | 'dark'
  readonly of: RunOptions
}

/** Of the screen that stands there, in each of its looks. The page is as wide as before when it resolves. */
async function defects(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const { size, colorScheme, of } of LOOKS) {
    await page.setViewportSize(size)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'))
    for (const each of [...(await violations(page, of)), ...(await sideways(page))])
      found.push(`${size.width} px, ${colorScheme}: ${each}`)
  }
  await page.setViewportSize(WIDE)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  return found
}

async function violations(page: Page, of: RunOptions): Promise<string[]> {
  // Once for each document: it is half a megabyte.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  // What is in order is not listed: that takes longer than finding it.
  const options: RunOptions = { resultTypes: ['violations'], ...of }
  const { violations: all } = await page.evaluate(
    (given): Promise<AxeResults> => (window as unknown as { axe: typeof axe }).axe.run(document, given),
    options,
  )
  return all
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id} ${html.slice(0, 160)}`))
}

/** What is wider than the window scrolls sideways; only what scrolls on its own may be. */
const sideways = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth
    return document.documentElement.scrollWidth > width
      ? [`${document.documentElement.scrollWidth} px of content in a window of ${width} px`]
      : []
  })
