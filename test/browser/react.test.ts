import { fileURLToPath } from 'node:url'
import { GraphQLError } from 'graphql'
import type { Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserMissing, launchBrowser, type TestBrowser, temporaryProfile } from '../support/browser.ts'
import { ScriptedGateway } from '../support/scripted-gateway.ts'
import type { Experiments } from './react-page.tsx'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Scripts by their path. React's development build: it is the one with StrictMode's second mounting. */
async function bundlePage(): Promise<ReadonlyMap<string, string>> {
  const built = await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { tsconfigPaths: true },
    define: { 'process.env.NODE_ENV': '"development"' },
    build: {
      write: false,
      minify: false,
      lib: { entry: 'test/browser/react-page.tsx', formats: ['es'], fileName: 'page' },
    },
  })
  const [bundle] = Array.isArray(built) ? built : [built]
  if (!bundle || !('output' in bundle)) throw new Error('Vite built nothing')
  return new Map(bundle.output.flatMap(each => (each.type === 'chunk' ? [[`/${each.fileName}`, each.code]] : [])))
}

let profile: Awaited<ReturnType<typeof temporaryProfile>>
let browser: TestBrowser
let gateway: ScriptedGateway
let page: Page
let scripts: ReadonlyMap<string, string>

beforeAll(async () => {
  if (browserMissing) return
  profile = await temporaryProfile()
  gateway = await new ScriptedGateway().start()
  ;[scripts, browser] = await Promise.all([bundlePage(), launchBrowser({ userDataDir: profile.path })])
  page = await browser.openPage()
  // The page comes from where the gateway is, so its requests go there over a real socket.
  const { origin } = new URL(gateway.url)
  await page.route(`${origin}/*.{html,js}`, route => {
    const body = scripts.get(new URL(route.request().url()).pathname)
    return body === undefined
      ? route.fulfill({
          contentType: 'text/html',
          body: '<!doctype html><script type="module" src="page.js"></script>',
        })
      : route.fulfill({ contentType: 'text/javascript', body })
  })
  await page.goto(`${origin}/page.html`)
  await page.waitForFunction(() => 'experiments' in window)
}, 120_000)

afterAll(async () => {
  await browser?.kill()
  await gateway?.stop()
  await profile?.remove()
})

beforeEach(({ skip }) => skip(browserMissing !== undefined, browserMissing))

const run = <Name extends keyof Experiments>(name: Name): Promise<Awaited<ReturnType<Experiments[Name]>>> =>
  page.evaluate(async each => (window as unknown as { experiments: Experiments }).experiments[each](), name) as never

test('with 5,000 changes waiting and 200 of their rows on the screen, a change renders the row that it is about and no other', async () => {
  gateway.write({ id: 'n0', title: 'note' })
  let isOver = false
  // However many documents are under way, only the first is answered.
  for (let each = 0; each < 10; each += 1) {
    gateway.fault({ kind: 'hang' }, ({ tasks }) => !isOver && tasks.some(({ variables }) => variables['id'] !== 'n0'))
  }
  const { mounted, waiting, cancelled, elsewhere, settled } = await run('oneRow')
  isOver = true
  expect(mounted).toEqual(Array(200).fill(1))
  expect(waiting).toBe('queued')
  expect(cancelled).toEqual({ renders: { n7: 1 }, text: 'synced' })
  expect(elsewhere).toEqual({})
  // The first: sent, then settled. Those behind it are being sent when the test ends.
  const { sending } = settled
  expect(sending).toContain('n1')
  expect(sending.length).toBeLessThanOrEqual(10)
  const once = Object.fromEntries(sending.map(id => [id, 1]))
  expect(settled).toEqual({ renders: { n0: 2, ...once }, text: 'synced', sending })
})

test('mounted twice by StrictMode and unmounted again, the hooks leave no listener behind', async () => {
  const { counts, texts } = await run('strictMode')
  const [mounted, left] = counts
  expect(mounted).toBeGreaterThan(0)
  expect(left).toBe(0)
  expect(counts).toEqual([mounted, 0, mounted, 0])
  const text = '1 queued 0 offline offline never never queued queued synced synced 1 unknown'
  expect(texts).toEqual([text, text])
})

test('a change in the middle of a slow transition never shows two states at once', async () => {
  const { renderedBefore, values } = await run('tearing')
  expect(renderedBefore).toBeLessThan(40)
  for (const shown of values) expect(shown.length).toBeLessThanOrEqual(1)
  expect(values.at(-1)).toEqual(['queued 1'])
})

test('useMutation and useQuery keep their meaning for a task', async ({ onTestFinished }) => {
  const { onTask } = gateway
  onTestFinished(() => {
    gateway.onTask = onTask
  })
  gateway.onTask = (_field, { input }) => {
    if ((input as { id: string }).id.startsWith('bad'))
      throw new GraphQLError('not you', { extensions: { code: 'FORBIDDEN' } })
    return undefined
  }
  const { offline, outcome, refused, seen } = await run('dropIn')
  expect(offline).toEqual({ status: 'queued', title: 'title of first', refetched: null })
  expect(outcome).toBe('confirmed')
  expect(refused).toEqual({ all: 'resolved: not you', none: 'threw: not you', ignore: 'resolved: undefined' })
  // The tentative row never goes away and comes back.
  expect(seen.filter(text => text === '')).toHaveLength(1)
  expect(gateway.requests.filter(({ operation }) => operation === 'FirstNote')).toHaveLength(1)
})

test('a task is followed from its call to its end, and found settled by who looks later', async () => {
  const { seen, badge, later } = await run('lifeOfATask')
  expect(seen).toEqual(['unknown', 'queued', 'sending', 'confirmed', 'unknown'])
  // Once at first, once for the first of three changes.
  expect(badge).toEqual({ badge: 2 })
  expect(later).toBe('confirmed true confirmed')
})

test('a page from a server is hydrated as it was sent and then shows what the device holds', async () => {
  const { onServer, onDevice, errors } = await run('hydration')
  expect(onServer).toBe('0 unknown 0 auto online never never synced synced synced synced 0 unknown')
  expect(onDevice).toBe('1 queued 0 offline offline never never queued queued synced synced 1 unknown')
  expect(errors).toEqual([])
})

test('the provider waits for a client, throws why there is none, and is missed when it is not there', async () => {
  expect(await run('provider')).toEqual(['opening', 'opening', 'offline', 'Error: no storage', 'NO_PROVIDER'])
})
