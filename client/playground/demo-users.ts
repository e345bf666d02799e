/** Sign-in by picking a demo user. A gateway that is not in demo mode answers 404: then the caller brings a token. */

interface DemoUser {
  user: string
  agency: string
  roles: readonly string[]
  label: string
}

export interface DemoSession {
  users: readonly DemoUser[]
  user: string
  /** `Bearer …`, as it stands in the Authorization header and in `connection_init`. */
  authorization: string
}

const LAST_USER = 'layover-playground:user'

/** Remembered for the next start of the page. */
export function rememberUser(user: string): void {
  localStorage.setItem(LAST_USER, user)
}

/** Signs in as the user of last time, or the first one; `undefined` when the gateway is not in demo mode. Throws when it cannot be asked. */
export async function signIn(): Promise<DemoSession | undefined> {
  const answer = await fetch('/demo/users')
  if (answer.status === 404) return undefined
  if (!answer.ok) throw new Error(`GET /demo/users was answered with ${answer.status}`)
  const { users } = (await answer.json()) as { users: DemoUser[] }
  const remembered = localStorage.getItem(LAST_USER)
  const user = (users.find(each => each.user === remembered) ?? users[0])?.user
  if (user === undefined) return undefined
  const signedIn = await fetch('/demo/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  })
  if (!signedIn.ok) throw new Error(`POST /demo/token was answered with ${signedIn.status}`)
  const { token } = (await signedIn.json()) as { token: string }
  return { users, user, authorization: `Bearer ${token}` }
}
