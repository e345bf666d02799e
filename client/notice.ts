/** The gateway's pokes: a subscription that says that a pull would bring something, and nothing else. */
import type { ApolloClient } from '@apollo/client'
import type { DocumentNode } from 'graphql'
import { backoffMs, type Clock, type Random } from '../protocol/ports.ts'

/** Milliseconds: a poke reaches every device of an agency at the same moment, and they should not all answer at once. */
const JITTER = 250
const RETRY_BASE = 1000
const RETRY_MAX = 60_000

export class Notice {
  readonly #client: ApolloClient
  readonly #document: DocumentNode
  readonly #clock: Clock
  readonly #random: Random
  readonly #poked: () => void
  #failures = 0
  #end: (() => void) | undefined
  #withdrawPoke: (() => void) | undefined

  /** @param poked called once for many pokes */
  constructor(client: ApolloClient, document: DocumentNode, clock: Clock, random: Random, poked: () => void) {
    this.#client = client
    this.#document = document
    this.#clock = clock
    this.#random = random
    this.#poked = poked
  }

  /** Listens, and listens again whenever the subscription ends. Called twice it changes nothing. */
  open(): void {
    if (this.#end) return
    let isOver = false
    const again = (): void => {
      isOver = true
      this.#failures += 1
      const wait = backoffMs(this.#failures, this.#random, RETRY_BASE, RETRY_MAX)
      this.#end = this.#clock.after(wait, () => {
        this.#end = undefined
        this.open()
        this.#soon() // What was poked meanwhile nobody heard.
      })
    }
    const subscription = this.#client.subscribe({ query: this.#document }).subscribe({
      next: ({ error }) => {
        if (error) return
        this.#failures = 0
        this.#soon()
      },
      error: again,
      complete: again,
    })
    if (!isOver) this.#end = () => subscription.unsubscribe()
  }

  close(): void {
    this.#end?.()
    this.#end = undefined
    this.#withdrawPoke?.()
    this.#withdrawPoke = undefined
  }

  #soon(): void {
    this.#withdrawPoke ??= this.#clock.after(this.#random.fraction() * JITTER, () => {
      this.#withdrawPoke = undefined
      this.#poked()
    })
  }
}
