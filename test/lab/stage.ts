/** One lab for the tests of a file, opened before the first of them and put in order after each. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { browserMissing } from '../support/browser.ts'
import type { LoggedRequest, ScriptedGateway } from '../support/scripted-gateway.ts'
import { type BrowserLab, openLab } from './lab.ts'

/** Without a browser every test is skipped, with the reason. */
export function raiseLab(): { readonly lab: BrowserLab; readonly gateway: ScriptedGateway } {
  let opened: BrowserLab
  beforeAll(async () => {
    if (!browserMissing) opened = await openLab()
  }, 60_000)
  afterAll(() => opened?.close())
  beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))
  afterEach(async () => {
    opened.gateway.onRequest = () => undefined
    opened.gateway.onAnswer = () => undefined
    for (const page of opened.browser.context.pages()) await page.close()
  })
  return {
    get lab() {
      return opened
    },
    get gateway() {
      return opened.gateway
    },
  }
}

export const hasTasks = ({ tasks }: LoggedRequest): boolean => tasks.length > 0

/** Ids of notes: unlike those of another test, and in this order when they are sorted. */
export const noteIds = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_each, index) => `${prefix}-${String(index).padStart(4, '0')}`)

/** Ids of the notes of that prefix, in the order in which the gateway made them. */
export const made = (gateway: ScriptedGateway, prefix: string): string[] =>
  [...gateway.notes.keys()].filter(id => id.startsWith(`${prefix}-`))
