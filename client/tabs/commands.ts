/** What only the leading tab may do, asked for in any tab. A command is done once, however often and of whomever it is asked. */
import { LayoverError } from '../layover-error.ts'
import type { Ask, Reply } from './envelope.ts'

/** Replies that are kept, for whoever asks once more. */
const KEPT_REPLIES = 100

interface CommandPorts {
  readonly uuid: () => string
  readonly isLeading: () => boolean
  readonly isClosed: () => boolean
  readonly post: (message: Ask | Reply) => void
}

interface Asked {
  readonly name: string
  readonly args: readonly unknown[]
  resolve(value: unknown): void
  reject(error: unknown): void
}

type Run = (...args: never[]) => Promise<unknown>

export class Commands {
  readonly #ports: CommandPorts
  readonly #own = new Map<string, Run>()
  readonly #asked = new Map<string, Asked>()
  readonly #served = new Map<string, Promise<Reply | undefined>>()

  constructor(ports: CommandPorts) {
    this.#ports = ports
  }

  /** Gives a function that runs in the leading tab, wherever it is called. Its arguments and its result are cloned. */
  serve(name: string, own: Run): (...args: readonly unknown[]) => Promise<unknown> {
    this.#own.set(name, own)
    return (...args) => this.#call(name, args)
  }

  /** Whoever leads now may not have heard it. */
  askAgain(): void {
    for (const [id, { name, args, resolve, reject }] of this.#asked) {
      if (this.#ports.isLeading()) {
        this.#asked.delete(id)
        this.#call(name, args).then(resolve, reject)
      } else this.#ports.post({ kind: 'ask', id, name, args })
    }
  }

  /** Another tab asks. */
  async asked({ id, name, args }: Ask): Promise<void> {
    if (!this.#ports.isLeading()) return // It asks again when somebody is.
    const replying = this.#served.get(id) ?? this.#reply(id, name, args)
    this.#served.set(id, replying)
    for (const oldest of this.#served.keys()) {
      if (this.#served.size <= KEPT_REPLIES) break
      this.#served.delete(oldest)
    }
    const reply = await replying
    if (reply) this.#ports.post(reply)
    else this.#served.delete(id)
  }

  replied({ id, value, error }: Reply): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (error) asked?.reject(new LayoverError(error.code, error.message))
    else asked?.resolve(value)
  }

  close(): void {
    for (const { reject } of this.#asked.values()) reject(closed())
    this.#asked.clear()
  }

  async #call(name: string, args: readonly unknown[]): Promise<unknown> {
    const { isLeading, isClosed, post, uuid } = this.#ports
    if (isLeading()) {
      try {
        return await this.#run(name, args)
      } catch (error) {
        if (isLeading() || isClosed()) throw error
        // It failed because another tab leads by now, which can do it.
      }
    }
    if (isClosed()) throw closed()
    return new Promise((resolve, reject) => {
      const id = uuid()
      this.#asked.set(id, { name, args, resolve, reject })
      post({ kind: 'ask', id, name, args })
    })
  }

  /** undefined: the next one that leads shall do it. */
  async #reply(id: string, name: string, args: readonly unknown[]): Promise<Reply | undefined> {
    try {
      return { kind: 'reply', id, value: await this.#run(name, args) }
    } catch (error) {
      const { code, message } = error instanceof LayoverError ? error : new LayoverError('REFUSED', String(error))
      return code === 'CLOSED' || !this.#ports.isLeading() ? undefined : { kind: 'reply', id, error: { code, message } }
    }
  }

  #run(name: string, args: readonly unknown[]): Promise<unknown> | undefined {
    return this.#own.get(name)?.(...(args as never[]))
  }
}

const closed = (): LayoverError => new LayoverError('CLOSED', 'The client was closed.')
