import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose'
import type { Credentials } from './context.ts'
import type { Viewer } from './viewer.ts'

export type TokenKey = { readonly secret: string } | { readonly jwksUrl: string }

const HMAC = ['HS256']
/** Nothing can be said of the token while the keys can't be read: whoever sends it is not nobody. */
const NO_KEYS: ReadonlySet<string> = new Set([errors.JOSEError.code, errors.JWKSTimeout.code, errors.JWKSInvalid.code])
const PUBLIC_KEY = ['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA']

/**
 * Reads `authorization: Bearer <JWT>`: `sub` is the user, `agency` (or `tenantClaim`) the tenant, `roles` a list. A token that
 * is absent, expired by this machine's clock, not signed by this key or without these claims is nobody: undefined. Throws when
 * the keys at `jwksUrl` can't be read, and a TypeError at once when the secret is empty.
 */
export function jwtAuthenticator(
  key: TokenKey,
  options: { tenantClaim?: string } = {},
): (credentials: Credentials) => Promise<Viewer | undefined> {
  const tenantClaim = options.tenantClaim ?? 'agency'
  const verify = verifier(key)
  return async ({ authorization }) => {
    const token = typeof authorization === 'string' ? /^Bearer ([\w.~+/=-]+)$/i.exec(authorization)?.[1] : undefined
    if (token === undefined) return undefined
    const claims = await verify(token)
    const { sub: user, roles } = claims ?? {}
    const tenant = claims?.[tenantClaim]
    if (typeof user !== 'string' || user === '' || typeof tenant !== 'string' || tenant === '') return undefined
    return {
      user,
      tenant,
      roles: Array.isArray(roles) ? roles.filter(role => typeof role === 'string') : [],
      ...(claims?.exp === undefined ? {} : { expiresAt: claims.exp * 1000 }),
    }
  }
}

function verifier(key: TokenKey): (token: string) => Promise<JWTPayload | undefined> {
  if ('secret' in key && key.secret === '')
    throw new TypeError('secret: is empty; openssl rand -hex 32 makes a good one')
  const verify = 'secret' in key ? bySecret(key.secret) : byPublicKeys(createRemoteJWKSet(new URL(key.jwksUrl)))
  return async token => {
    try {
      return (await verify(token)).payload
    } catch (error) {
      if (error instanceof errors.JOSEError && !NO_KEYS.has(error.code)) return undefined
      throw error
    }
  }
}

type Verify = (token: string) => Promise<{ readonly payload: JWTPayload }>

/** Given as bytes, the key would be imported anew for each token. */
function bySecret(secret: string): Verify {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = crypto.subtle.importKey('raw', new TextEncoder().encode(secret), algorithm, false, ['verify'])
  return async token => jwtVerify(token, await key, { algorithms: HMAC })
}

const byPublicKeys =
  (keys: JWTVerifyGetKey): Verify =>
  token =>
    jwtVerify(token, keys, { algorithms: PUBLIC_KEY })

/** A token as `jwtAuthenticator({ secret })` reads it; for demos and tests. `lifetimeSeconds` may be negative. */
export function signToken(viewer: Viewer, secret: string, lifetimeSeconds: number, nowMs: number): Promise<string> {
  const nowSeconds = Math.floor(nowMs / 1000)
  return new SignJWT({ agency: viewer.tenant, roles: [...viewer.roles] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(viewer.user)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + lifetimeSeconds)
    .sign(new TextEncoder().encode(secret))
}
