/** Who waits for a task's first answer. */
import type { Delivery } from './settle.ts'

export class Deliveries {
  /** More than one where later tasks were merged into an earlier one. */
  readonly #waiting = new Map<string, ((delivery: Delivery) => void)[]>()
  #onAll: () => void = () => undefined

  /** @param run called when nothing will come soon, for nobody */
  onAll(run: () => void): void {
    this.#onAll = run
  }

  deliver(id: string, delivery: Delivery): void {
    const waiting = this.#waiting.get(id) ?? []
    this.#waiting.delete(id)
    for (const resolve of waiting) resolve(delivery)
  }

  /** Nothing will come soon, for nobody. */
  deliverAll(): void {
    this.#onAll()
    for (const id of [...this.#waiting.keys()]) this.deliver(id, { kind: 'waiting' })
  }

  wait(id: string): Promise<Delivery> {
    return new Promise(resolve => this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]))
  }
}
