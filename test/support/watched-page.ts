/** What a page does that nobody asked it to: what its policy refused, whom else it asked, what it complained of. */
import type { ConsoleMessage, Page, Request, Response } from 'playwright-core'

export interface Watched {
  /** What the browser refused because of the Content-Security-Policy. */
  readonly blocked: readonly string[]
  /** Requests to any other host than that of the page. */
  readonly foreign: readonly string[]
  /** Errors of the page itself: thrown and not caught. */
  readonly thrown: readonly string[]
  readonly workers: readonly string[]
  /** Scripts of the page's own, in the order in which they were asked for; the service worker's are not among them. */
  readonly scripts: readonly string[]
}

/** @param host with its port */
export function watch(page: Page, host: string): Watched {
  const watched = {
    blocked: [] as string[],
    foreign: [] as string[],
    thrown: [] as string[],
    workers: [] as string[],
    scripts: [] as string[],
  }
  page.on('console', (message: ConsoleMessage) => {
    if (/Content Security Policy/i.test(message.text())) watched.blocked.push(message.text())
  })
  page.on('pageerror', error => watched.thrown.push(error.message))
  page.on('worker', worker => watched.workers.push(worker.url()))
  const note = (url: string): void => {
    const { protocol, host: asked } = new URL(url)
    if (/^(http|ws)/.test(protocol) && asked !== host) watched.foreign.push(url)
  }
  page.on('request', (request: Request) => note(request.url()))
  page.on('websocket', socket => note(socket.url()))
  page.on('response', (response: Response) => {
    if (response.request().resourceType() === 'script') watched.scripts.push(response.url())
  })
  return watched
}
