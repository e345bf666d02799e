/** Which pages may ask the gateway. Only browsers send an Origin; where there is none, no page is behind the request. */
import type { IncomingHttpHeaders } from 'node:http'

export interface Origins {
  /** True for one of the listed origins: a browser must be told so. */
  isListed(headers: IncomingHttpHeaders): boolean
  /** True without an Origin, for the gateway's own, and for the listed ones. */
  mayConnect(headers: IncomingHttpHeaders): boolean
}

/** `allowed` are origins such as `https://app.example`. Throws a TypeError for anything else. */
export function originsOf(allowed: readonly string[] = []): Origins {
  for (const origin of allowed) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new TypeError(`allowedOrigins: "${origin}" is no origin; one looks like https://app.example`)
    }
  }
  const listed = new Set(allowed)
  const isListed = ({ origin }: IncomingHttpHeaders): boolean => origin !== undefined && listed.has(origin)
  return {
    isListed,
    mayConnect: headers => headers.origin === undefined || isListed(headers) || isOwn(headers.origin, headers.host),
  }
}

/** The Host that the browser named is that of the page. The scheme is left out: TLS may end before the gateway. */
function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false
  const page = new URL(origin)
  const asked = `${page.protocol}//${host}`
  return page.host !== '' && URL.canParse(asked) && new URL(asked).host === page.host
}
