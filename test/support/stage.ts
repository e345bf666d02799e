/** A built page, a gateway process and a browser, for one test file. */
import { buildWeb } from '../../client/build.ts'
import { launchBrowser, type TestBrowser, temporaryProfile } from './browser.ts'
import { type GatewayProcess, startGatewayProcess, temporaryDataDir } from './gateway-process.ts'

export interface Stage {
  gateway: GatewayProcess
  browser: TestBrowser
  /** The browser starts again on the same profile: the same device. */
  restartBrowser(): Promise<void>
  /** The gateway starts again at the same address, on the same data. */
  restartGateway(): Promise<void>
  close(): Promise<void>
}

export async function raiseStage(): Promise<Stage> {
  await buildWeb()
  const [profile, data] = [await temporaryProfile(), await temporaryDataDir()]
  const stage: Stage = {
    gateway: await startGatewayProcess({ dataDir: data.path }),
    browser: await launchBrowser({ userDataDir: profile.path }),
    async restartBrowser() {
      stage.browser = await launchBrowser({ userDataDir: profile.path })
    },
    async restartGateway() {
      stage.gateway = await startGatewayProcess({ dataDir: data.path, port: stage.gateway.port })
    },
    async close() {
      await Promise.all([stage.browser.kill(), stage.gateway.kill()])
      await Promise.all([profile.remove(), data.remove()])
    },
  }
  return stage
}
