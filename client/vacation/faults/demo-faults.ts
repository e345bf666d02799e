/** The switches of the demo gateway, shared by the panel and the strip. */
import { useSyncExternalStore } from 'react'
import { texts } from '../texts/index.ts'

export type Switch = keyof typeof texts.faults.switches
export const SWITCHES = Object.keys(texts.faults.switches) as Switch[]

export interface DemoFaults extends Readonly<Record<Switch, boolean>> {
  readonly sandbox: boolean
  readonly ledger: { vacations: number; reservations: number; withoutVacation: number; mails: number }
}

const PATH = '/demo/faults'

class Faults {
  readonly #listeners = new Set<() => void>()
  #known: DemoFaults | undefined

  readonly known = (): DemoFaults | undefined => this.#known

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Throws, in words, when the gateway does not answer or refuses. */
  readonly read = (): Promise<void> => this.#take(fetch(PATH))

  readonly switch = (part: Partial<Record<Switch, boolean>>): Promise<void> => this.#post('', part)
  readonly offer = (input: object): Promise<void> => this.#post('/offer', input)
  readonly colleague = (customerId: string): Promise<void> => this.#post('/colleague', { customerId })

  #post(path: string, input: object): Promise<void> {
    const body = JSON.stringify(input)
    return this.#take(fetch(PATH + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body }))
  }

  async #take(asked: Promise<Response>): Promise<void> {
    const answer = await asked.catch(() => undefined)
    const said = (await answer?.json().catch(() => undefined)) as (DemoFaults & { message?: string }) | undefined
    if (!answer?.ok || !said) throw new Error(said?.message ?? texts.faults.unreachable)
    this.#known = said
    for (const listener of this.#listeners) listener()
  }
}

export const demoFaults = new Faults()

/** As they were read last; undefined before that. */
export const useDemoFaults = (): DemoFaults | undefined => useSyncExternalStore(demoFaults.subscribe, demoFaults.known)
