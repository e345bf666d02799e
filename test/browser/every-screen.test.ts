/** What has to hold on every screen: with light and dark colours, on a wide window and a narrow one. */
import { AxeBuilder } from '@axe-core/playwright'
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
}, 120_000)

/** Of the screen that stands there, in each of its looks. The page is as wide as before when it resolves. */
async function defects(page: Page): Promise<string[]> {
  const found = new Set<string>()
  for (const [look, size] of [
    ['wide', WIDE],
    ['narrow', NARROW],
  ] as const) {
    await page.setViewportSize(size)
    // What is readable in the dark on a wide window is so on a narrow one: the colours are the same.
    for (const colorScheme of look === 'wide' ? (['light', 'dark'] as const) : (['light'] as const)) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'))
      // The structure is the same in the dark.
      for (const each of await violations(page, colorScheme === 'dark' ? ['color-contrast'] : undefined))
        found.add(`${look}, ${colorScheme}: ${each}`)
    }
    for (const each of await sideways(page)) found.add(`${look}: ${each}`)
  }
  await page.setViewportSize(WIDE)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  return [...found]
}

async function violations(page: Page, rules: string[] | undefined): Promise<string[]> {
  const builder = new AxeBuilder({ page }).setLegacyMode(true)
  const { violations: all } = await (rules ? builder.withRules(rules) : builder).analyze()
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
