/** One request of a simulated installation, over a real socket, with the patience of a device. */
import { EXTENSION_KEY } from '../../protocol/index.ts'

export interface Request {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  /** In `extensions.layover`. */
  readonly extensions?: Readonly<Record<string, unknown>>
}

export interface Reply {
  // biome-ignore lint/suspicious/noExplicitAny: answers of any document
  readonly data: any
  readonly errors: readonly { message: string; extensions?: { code?: string } }[]
  readonly extensions: Readonly<Record<string, unknown>>
}

/** Answers that came, and how long each took. */
export interface Answers {
  /** Milliseconds each, those of requests without an answer too. */
  readonly tookMs: number[]
  /** Requests that were given up or whose connection broke. */
  broken: number
}

export class Line {
  readonly answers: Answers = { tookMs: [], broken: 0 }
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /**
   * undefined: no answer, or one that is none of a gateway.
   * @param patienceMs after so long it is given up and its connection cut
   */
  async ask(
    token: string,
    { query, variables, extensions = {} }: Request,
    patienceMs: number,
  ): Promise<Reply | undefined> {
    const begin = performance.now()
    try {
      const response = await fetch(`${this.#url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables, extensions: { [EXTENSION_KEY]: extensions } }),
        signal: AbortSignal.timeout(patienceMs),
      })
      const { data = null, errors = [], extensions: heard = {} } = (await response.json()) as Partial<Reply>
      return { data, errors, extensions: (heard[EXTENSION_KEY] ?? {}) as Reply['extensions'] }
    } catch {
      this.answers.broken += 1
      return undefined
    } finally {
      this.answers.tookMs.push(performance.now() - begin)
    }
  }
}
