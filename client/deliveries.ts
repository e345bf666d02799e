/** Who waits for a task's first answer. */
import type { Delivery } from './settle.ts'

export class Deliveries {
  readonly #waiting = new Map<string, (delivery: Delivery) => void>()

  deliver(id: string, delivery: Delivery): void {
    const resolve = this.#waiting.get(id)
    this.#waiting.delete(id)
    resolve?.(delivery)
  }

  /** Nothing will come soon, for nobody. */
  deliverAll(): void {
    for (const id of [...this.#waiting.keys()]) this.deliver(id, { kind: 'waiting' })
  }

  wait(id: string): Promise<Delivery> {
    return new Promise(resolve => this.#waiting.set(id, resolve))
  }
}
