/** Who wants to know of a change of one thing among many. */
export class KeyedListeners {
  readonly #byKey = new Map<string, Set<() => void>>()

  add(key: string, listener: () => void): () => void {
    // Wrapped: the same function added twice is two subscriptions.
    const own = (): void => listener()
    const listeners = this.#byKey.get(key)
    if (listeners) listeners.add(own)
    else this.#byKey.set(key, new Set([own]))
    return () => {
      const left = this.#byKey.get(key)
      if (left?.delete(own) && left.size === 0) this.#byKey.delete(key)
    }
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  notify(key: string): void {
    for (const listener of [...(this.#byKey.get(key) ?? [])]) listener()
  }
}
