/**
 * A real Chromium under test control. It is started as a process of its own and then connected to, because a browser
 * that Playwright starts with a profile does not say its process id, and some promises are about `kill -9`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const CHROMIUM_PATH = process.env['CHROMIUM_PATH']
const CANDIDATES = CHROMIUM_PATH
  ? [CHROMIUM_PATH]
  : ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  // Pages of the address bar, which nobody sees here: half of what a start costs.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
  '--remote-debugging-port=0',
]

const LOCATOR_TIMEOUT_MS = 30_000

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const executable = CANDIDATES.find(isExecutable)

/** Why browser tests cannot run here, as the reason of a skip; undefined when they can. In CI a missing browser is an error instead. */
export const browserMissing: string | undefined = executable
  ? undefined
  : 'no Chromium: install the package chromium, or set CHROMIUM_PATH'
if (browserMissing && process.env['CI']) throw new Error(browserMissing)

export interface TestBrowser {
  /** The profile's own context: what it stores outlives the process. */
  readonly context: BrowserContext
  readonly processId: number
  /** A page in a window of the given width. */
  openPage(options?: { width?: number; height?: number }): Promise<Page>
  /** As a person closes it: pages are left, what is stored is flushed. Nothing happens when it is not running any more. */
  close(): Promise<void>
  /** `kill -9` of the browser and all its children: nothing is flushed, nothing is said. */
  kill(): Promise<void>
}

/** The line in which Chromium says where it is listening. */
function devToolsAddress(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    createInterface({ input: browser.stderr! }).on('line', line => {
      said.push(line)
      const address = /^DevTools listening on (ws:\S+)/.exec(line)?.[1]
      if (address) resolve(address)
    })
    browser.once('error', reject)
    browser.once('exit', code =>
      reject(new Error(`Chromium ended with ${code} before it listened:\n${said.join('\n')}`)),
    )
  })
}

/** Starts Chromium on a profile folder; the same folder again is the same device after a restart. */
export async function launchBrowser(options: { userDataDir: string }): Promise<TestBrowser> {
  if (!executable) throw new Error(browserMissing)
  const process_ = spawn(executable, [...FLAGS, `--user-data-dir=${options.userDataDir}`, 'about:blank'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise<void>(resolve => process_.once('exit', () => resolve()))
  // Its own process group, because it was started detached; so nothing but us ends it.
  const kill = (): void => {
    if (process_.pid && process_.exitCode === null && process_.signalCode === null)
      process.kill(-process_.pid, 'SIGKILL')
  }
  process.once('exit', kill)
  void exited.then(() => process.off('exit', kill))
  const connection = await chromium.connectOverCDP(await devToolsAddress(process_))
  const context = connection.contexts()[0]
  const processId = process_.pid
  if (!context || processId === undefined) throw new Error('Chromium has no default context')
  // Shorter than a test may take, so that what was waited for is what a failure names.
  context.setDefaultTimeout(LOCATOR_TIMEOUT_MS)
  return {
    context,
    processId,
    async openPage({ width = 1200, height = 900 } = {}) {
      const page = await context.newPage()
      await page.setViewportSize({ width, height })
      return page
    },
    async close() {
      if (process_.exitCode !== null || process_.signalCode !== null) return
      const session = await connection.newBrowserCDPSession()
      // The answer may not come any more: it is what we ask for that closes the line.
      await Promise.race([exited, session.send('Browser.close').catch(() => undefined)])
      await exited
    },
    async kill() {
      kill()
      await exited
    },
  }
}

/** As `chrome://settings/content/siteData` does it: pages may keep nothing, cookies, localStorage and IndexedDB alike. */
const STORAGE_BLOCKED = { profile: { default_content_setting_values: { cookies: 2 } } }

/** An empty profile folder, and how to remove it. */
export async function temporaryProfile(
  options: { storageBlocked?: boolean } = {},
): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'layover-profile-'))
  if (options.storageBlocked) {
    await mkdir(join(path, 'Default'))
    await writeFile(join(path, 'Default', 'Preferences'), JSON.stringify(STORAGE_BLOCKED))
  }
  // Chromium's children may still be writing for a moment after a kill.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) }
}
