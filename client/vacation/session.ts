/**
 * Who is signed in. The demo gateway lets anybody pick a demo user; user and token are remembered on this device, so
 * that the page opens without a network. Behind a real identity provider a token belongs in memory only.
 */

export interface DemoUser {
  user: string
  agency: string
  roles: readonly string[]
  label: string
}

export interface Session extends DemoUser {
  token: string
}

const KEY = 'layover-page:session'

/** The session of last time; undefined when nobody was signed in. */
export function rememberedSession(): Session | undefined {
  const text = localStorage.getItem(KEY)
  return text === null ? undefined : (JSON.parse(text) as Session)
}

/** Signed out: the next start asks who it is. */
export function forgetSession(): void {
  localStorage.removeItem(KEY)
}

/** The users that may be picked; undefined when the gateway is not in demo mode. Throws when it cannot be reached. */
export async function demoUsers(): Promise<readonly DemoUser[] | undefined> {
  const answer = await fetch('/demo/users')
  if (answer.status === 404) return undefined
  if (!answer.ok) throw new Error(`The gateway answered ${answer.status}.`)
  const { users } = (await answer.json()) as { users: DemoUser[] }
  return users
}

/** Asks for a token and remembers it. Throws when the gateway gives none. */
export async function signIn(user: DemoUser): Promise<Session> {
  const answer = await fetch('/demo/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: user.user }),
  })
  if (!answer.ok) throw new Error(`The gateway answered ${answer.status}.`)
  const { token } = (await answer.json()) as { token: string }
  const session: Session = { ...user, token }
  localStorage.setItem(KEY, JSON.stringify(session))
  return session
}
