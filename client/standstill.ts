/** Why nothing is sent though there is a connection: the application has paused the queue, or the gateway waits for somebody to sign in. */
import type { SignIn } from './sign-in.ts'

export type Pausing = 'user' | 'sign-in' | undefined

export class Standstill {
  readonly #signIn: SignIn
  readonly #changed: () => void
  #byUser = false
  #held = false
  /** Refusals in a row, without an answer between them. */
  #refusals = 0
  #renewals = 0

  constructor(signIn: SignIn, changed: () => void) {
    this.#signIn = signIn
    this.#changed = changed
  }

  get isOn(): boolean {
    return this.#byUser || this.#held
  }

  get why(): Pausing {
    return this.#byUser ? 'user' : this.#held ? 'sign-in' : undefined
  }

  /** How often somebody has signed in: what was sent before the last one says nothing of the new token. */
  get renewals(): number {
    return this.#renewals
  }

  pause(): void {
    if (this.#byUser) return
    this.#byUser = true
    this.#changed()
  }

  resume(): void {
    const was = this.isOn
    this.#byUser = false
    this.#held = false
    this.#renewals += 1
    this.#signIn.resume()
    if (was) this.#changed()
  }

  /** Another tab sends, and is paused or not. */
  mirror(why: Pausing): void {
    if (why === this.why) return
    this.#byUser = why === 'user'
    this.#held = why === 'sign-in'
    this.#changed()
  }

  /** The gateway knows who we are. */
  accepted(): void {
    this.#refusals = 0
  }

  /** The gateway asks who is there. False: that is known, or somebody has signed in since it was asked. @param renewals at that time */
  hold(renewals: number): boolean {
    if (this.#held || renewals !== this.#renewals) return false
    this.#held = true
    this.#refusals += 1
    this.#changed()
    return true
  }

  /** Goes on without a sign-in: perhaps there was one elsewhere. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#changed()
  }

  /** 'again': signed in, after being refused all the same. 'resumed': somebody else ended it meanwhile. */
  async renew(): Promise<'signed-in' | 'again' | 'failed' | 'resumed'> {
    const isRenewed = await this.#signIn.renew()
    if (!this.#held) return 'resumed'
    if (!isRenewed) return 'failed'
    this.#renewals += 1
    this.release()
    return this.#refusals === 1 ? 'signed-in' : 'again'
  }
}
