/** A built page, a gateway process and a browser, for one test file. */
import { buildWeb } from '../../client/build.ts'
import { signToken, type Viewer } from '../../server/index.ts'
import { launchBrowser, type TestBrowser, temporaryProfile } from './browser.ts'
import { type Front, startFront } from './front.ts'
import { type GatewayProcess, startGatewayProcess, temporaryDataDir } from './gateway-process.ts'

export interface StageOptions {
  /** Of the gateway. */
  env?: Record<string, string>
  /** People sign in with tokens that are signed with it; default: demo mode. */
  secret?: string
  /** True: people reach the gateway through `stage.front`. */
  front?: boolean
}

export interface Stage {
  gateway: GatewayProcess
  browser: TestBrowser
  /** Where people open the page; without a slash at its end. */
  readonly url: string
  /** Throws when the stage was raised without. */
  readonly front: Front
  /** A browser on another profile: another device. It ends with the stage. */
  anotherDevice(options?: { storageBlocked?: boolean }): Promise<TestBrowser>
  /** The browser starts again on the same profile: the same device. Whoever has not killed it before closes it, as a person does. */
  restartBrowser(): Promise<void>
  /** The gateway starts again at the same address, on the same data. */
  restartGateway(): Promise<void>
  /** A token of that user; in demo mode only of those that it knows. */
  tokenOf(user: string, options?: { roles?: string[]; seconds?: number }): Promise<string>
  /** What the sandbox of the suppliers can be told: `stock`, `price`, `discontinue`, `fault`, `clear`. */
  tellSuppliers(action: string, what: object): Promise<void>
  close(): Promise<void>
}

export async function raiseStage(options: StageOptions = {}): Promise<Stage> {
  await buildWeb()
  const [profile, data] = [await temporaryProfile(), await temporaryDataDir()]
  const env = { ...options.env, ...(options.secret === undefined ? {} : { AUTH_SECRET: options.secret }) }
  const others: { browser: TestBrowser; profile: { remove(): Promise<void> } }[] = []
  const front = options.front ? await startFront(() => stage.gateway.port) : undefined
  const stage: Stage = {
    gateway: await startGatewayProcess({ dataDir: data.path, env }),
    browser: await launchBrowser({ userDataDir: profile.path }),
    get url() {
      return front?.url ?? stage.gateway.url
    },
    get front() {
      if (!front) throw new Error('This stage has no front: raiseStage({ front: true })')
      return front
    },
    async anotherDevice(of) {
      const its = await temporaryProfile(of)
      const browser = await launchBrowser({ userDataDir: its.path })
      others.push({ browser, profile: its })
      return browser
    },
    async restartBrowser() {
      await stage.browser.close()
      stage.browser = await launchBrowser({ userDataDir: profile.path })
    },
    async restartGateway() {
      stage.gateway = await startGatewayProcess({ dataDir: data.path, port: stage.gateway.port, env })
    },
    async tokenOf(user, { roles = ['agent'], seconds = 3600 } = {}) {
      const viewer: Viewer = { user, tenant: 'demo', roles }
      if (options.secret !== undefined) return signToken(viewer, options.secret, seconds, Date.now())
      const answer = await postJson(`${stage.gateway.url}/demo/token`, { user })
      return ((await answer.json()) as { token: string }).token
    },
    async tellSuppliers(action, what) {
      const url = /supplier sandbox (\S+)/.exec(stage.gateway.said.join('\n'))?.[1]
      const answer = await postJson(`${url}/control/${action}`, what)
      if (!answer.ok) throw new Error(`The suppliers answered ${answer.status}: ${await answer.text()}`)
    },
    async close() {
      const browsers = [stage.browser, ...others.map(({ browser }) => browser)]
      await Promise.all([...browsers.map(browser => browser.kill()), stage.gateway.kill(), front?.close()])
      await Promise.all([profile.remove(), data.remove(), ...others.map(other => other.profile.remove())])
    },
  }
  return stage
}

const postJson = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
