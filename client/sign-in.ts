/** What happens when the gateway asks who is there: nothing is dropped; the queue waits until the application has signed in again. */
import { LayoverError } from './layover-error.ts'
import type { Report } from './listeners.ts'

export class SignIn {
  readonly #reauthenticate: (() => Promise<void>) | undefined
  readonly #report: Report
  #renewing: Promise<boolean> | undefined
  #goOn: (() => void) | undefined

  constructor(reauthenticate: (() => Promise<void>) | undefined, report: Report) {
    this.#reauthenticate = reauthenticate
    this.#report = report
  }

  /** Calls `reauthenticate`, once for all who ask meanwhile. False: it failed, or there is none. Never rejects. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  /** The application says to go on, whatever became of `reauthenticate`. */
  resume(): void {
    this.#goOn?.()
  }

  async #renew(): Promise<boolean> {
    if (!this.#reauthenticate) return false
    const resumed = new Promise<void>(resolve => {
      this.#goOn = resolve
    })
    try {
      await Promise.race([this.#reauthenticate(), resumed])
      return true
    } catch (error) {
      this.#report(new LayoverError('UNAUTHENTICATED', '`reauthenticate` failed; it is called again later.', error))
      return false
    } finally {
      this.#goOn = undefined
    }
  }
}
