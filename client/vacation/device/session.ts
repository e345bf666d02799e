/**
 * Who works on this device, and with what token. The user is remembered, so that the page opens without a network; a token is
 * not: the demo gateway gives one for the asking, and one that a person brought lives as long as the browser's tab.
 */
import { texts } from '../texts/index.ts'

export interface DemoUser {
  user: string
  agency: string
  roles: readonly string[]
  label: string
}

export interface Session extends DemoUser {
  /** 'demo': picked from the list of a gateway in demo mode. 'token': brought a token. */
  by: 'demo' | 'token'
}

const KEY = 'layover-page:session'
const TOKEN_KEY = 'layover-page:token'
const CHANNEL = 'layover-page:token'

/** The session of last time; undefined when nobody was signed in. */
export function rememberedSession(): Session | undefined {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Session> | null
    return found?.user && found.agency && found.by ? (found as Session) : undefined
  } catch {
    return undefined
  }
}

/** For the next start. Where the browser keeps nothing it is asked again then. */
export function rememberSession(session: Session): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(session))
  } catch {
    // Storage is blocked: opening the device says so, in words.
  }
}

/** Signed out: the next start asks who it is. */
export function forgetSession(): void {
  try {
    localStorage.removeItem(KEY)
    sessionStorage.removeItem(TOKEN_KEY)
  } catch {
    // As above.
  }
}

/** The users that may be picked; undefined when the gateway is not in demo mode. Throws when it cannot be reached. */
export async function demoUsers(): Promise<readonly DemoUser[] | undefined> {
  const answer = await fetch('/demo/users')
  if (answer.status === 404) return undefined
  if (!answer.ok) throw new Error(texts.signIn.gatewayAnswered(answer.status))
  const { users } = (await answer.json()) as { users: DemoUser[] }
  return users
}

async function demoToken(user: string): Promise<string> {
  const answer = await fetch('/demo/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  })
  if (!answer.ok) throw new Error(texts.signIn.gatewayAnswered(answer.status))
  return ((await answer.json()) as { token: string }).token
}

/** Reads who a JWT speaks of, without checking it: that is the gateway's work. Throws, in words, for what is no such token. */
export function sessionOfToken(token: string): Session {
  let claims: { sub?: unknown; agency?: unknown; roles?: unknown; name?: unknown }
  try {
    const [, payload = ''] = token.split('.')
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), char => char.charCodeAt(0))
    claims = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new Error(texts.signIn.notAToken)
  }
  const { sub, agency, roles, name } = claims
  if (typeof sub !== 'string' || typeof agency !== 'string') throw new Error(texts.signIn.tokenWithoutUser)
  const known = Array.isArray(roles) ? roles.filter(role => typeof role === 'string') : []
  return { by: 'token', user: sub, agency, roles: known, label: typeof name === 'string' ? name : sub }
}

/** The token of one session, and the waiting for a new one when the gateway no longer takes it. */
export class Tokens {
  readonly #session: Session
  readonly #channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(CHANNEL)
  #token: string | undefined
  #asking: Promise<string> | undefined
  #renewed: (() => void) | undefined
  #isNeeded = false
  readonly #listeners = new Set<() => void>()

  /** @param token the one with which the person has just signed in */
  constructor(session: Session, token?: string) {
    this.#session = session
    this.#token = token ?? readTabToken()
    if (token) keepTabToken(token)
    this.#channel?.addEventListener('message', ({ data }) => {
      if (data?.user !== session.user || data.agency !== session.agency) return
      if (data.token === undefined) this.#need(true)
      else this.#take(data.token)
    })
  }

  /** What requests are signed with. Throws when there is none and the gateway cannot be reached. */
  async current(): Promise<string> {
    if (this.#token !== undefined) return this.#token
    if (this.#session.by === 'token') return ''
    this.#asking ??= demoToken(this.#session.user).finally(() => {
      this.#asking = undefined
    })
    this.#token = await this.#asking
    return this.#token
  }

  /** Whether the gateway refused the token, in whatever tab, and nobody has signed in since. */
  readonly isNeeded = (): boolean => this.#isNeeded

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The gateway refused the token. Resolves when the person has signed in again, in whatever tab. */
  renewed(): Promise<void> {
    this.#need(true)
    const { user, agency } = this.#session
    this.#channel?.postMessage({ user, agency })
    return new Promise(resolve => {
      this.#renewed = resolve
    })
  }

  /** The person signs in again. Throws, in words, for a token of somebody else. */
  async signInAgain(token?: string): Promise<void> {
    if (token !== undefined) {
      const { user, agency } = sessionOfToken(token)
      if (user !== this.#session.user || agency !== this.#session.agency) {
        throw new Error(texts.signIn.tokenOfAnother(this.#session.label))
      }
    }
    const fresh = token ?? (await demoToken(this.#session.user))
    this.#take(fresh)
    const { user, agency } = this.#session
    this.#channel?.postMessage({ user, agency, token: fresh })
  }

  /** From now on the gateway refuses what this tab sends: for trying out what happens then. */
  spoil(): void {
    this.#token = 'expired'
  }

  close(): void {
    this.#channel?.close()
  }

  #need(isNeeded: boolean): void {
    this.#isNeeded = isNeeded
    for (const listener of this.#listeners) listener()
  }

  #take(token: string): void {
    this.#token = token
    if (this.#session.by === 'token') keepTabToken(token)
    this.#need(false)
    this.#renewed?.()
    this.#renewed = undefined
  }
}

function readTabToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? undefined
  } catch {
    return undefined
  }
}

function keepTabToken(token: string): void {
  try {
    sessionStorage.setItem(TOKEN_KEY, token)
  } catch {
    // Then it is asked for again after a reload.
  }
}
