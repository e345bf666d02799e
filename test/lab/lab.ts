/**
 * A laboratory for the client: its page, built for production as users ship it, in a real Chromium, on one origin with a
 * gateway whose misbehaviour the test writes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { CDPSession, Page } from 'playwright-core'
import { build, type Rollup } from 'vite'
import { launchBrowser, type TestBrowser, temporaryProfile } from '../support/browser.ts'
import { ScriptedGateway } from '../support/scripted-gateway.ts'
import type { LabOptions } from './page.ts'

export interface BrowserLab {
  readonly gateway: ScriptedGateway
  /** The browser of the moment. */
  readonly browser: TestBrowser
  /** An empty page of the lab, no client in it. */
  page(): Promise<Page>
  /** A page with a client. */
  open(options?: LabOptions): Promise<Page>
  /** `kill -9`, and a new browser on the same profile: the same device. */
  restart(): Promise<void>
  /** Bytes that this origin may store; undefined: as much as the browser likes. */
  setQuota(page: Page, bytes: number | undefined): Promise<void>
  close(): Promise<void>
}

/** The page's scripts by path. Built in memory: a second is all it takes, and no two test files meet in a folder. */
async function buildPage(source: string): Promise<ReadonlyMap<string, string>> {
  const before = process.env['NODE_ENV']
  // A test runner has set it, and Vite would bundle the development builds, which freeze every result.
  process.env['NODE_ENV'] = 'production'
  try {
    const built = (await build({
      configFile: false,
      root: fileURLToPath(new URL('../..', import.meta.url)),
      logLevel: 'error',
      mode: 'production',
      resolve: { tsconfigPaths: true },
      build: {
        write: false,
        target: 'es2022',
        rolldownOptions: {
          input: source,
          output: { entryFileNames: 'page.js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    })) as Rollup.RollupOutput
    return new Map(built.output.flatMap(file => (file.type === 'chunk' ? [[`/${file.fileName}`, file.code]] : [])))
  } finally {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  }
}

/** tsx names functions through a helper that a function sent to a page would miss. */
const HTML = `<!doctype html><title>lab</title><link rel="icon" href="data:,">
<script>globalThis.__name = named => named</script><script type="module" src="/page.js"></script>`

/** @param source of a page that adds something to the lab's own */
export async function openLab(source: URL = new URL('./page.ts', import.meta.url)): Promise<BrowserLab> {
  const [scripts, gateway, profile] = await Promise.all([
    buildPage(fileURLToPath(source)),
    new ScriptedGateway().start(),
    temporaryProfile(),
  ])
  gateway.page = (request: IncomingMessage, response: ServerResponse) => {
    const script = scripts.get(request.url ?? '')
    response
      .writeHead(200, {
        'content-type': script === undefined ? 'text/html' : 'text/javascript',
        // A name with a hash in it always stands for the same.
        ...(request.url?.includes('-') ? { 'cache-control': 'max-age=31536000, immutable' } : {}),
      })
      .end(script ?? HTML)
  }
  const origin = new URL(gateway.url).origin
  let browser = await launchBrowser({ userDataDir: profile.path })
  /** The quota holds as long as the session that set it. */
  const sessions = new Map<Page, CDPSession>()
  const lab: BrowserLab = {
    gateway,
    get browser() {
      return browser
    },
    async page() {
      const page = await browser.context.newPage()
      await page.goto(origin)
      await page.waitForFunction(() => 'lab' in window)
      return page
    },
    async open(options = {}) {
      const page = await lab.page()
      await page.evaluate(wanted => window.lab.open(wanted), options)
      return page
    },
    async restart() {
      await browser.kill()
      sessions.clear()
      browser = await launchBrowser({ userDataDir: profile.path })
    },
    async setQuota(page, bytes) {
      const session = sessions.get(page) ?? (await browser.context.newCDPSession(page))
      sessions.set(page, session)
      await session.send('Storage.overrideQuotaForOrigin', {
        origin,
        ...(bytes === undefined ? {} : { quotaSize: bytes }),
      })
    },
    async close() {
      await browser.kill()
      await Promise.all([gateway.stop(), profile.remove()])
    },
  }
  return lab
}
