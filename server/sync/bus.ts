/**
 * The bus port: how gateways on one store tell each other what was committed, so that a commit in one process pokes the
 * subscribers of all. It carries hints: a message that is lost costs the time until the next look (`lookout.ts`), never data.
 */
import type { Clock, Random } from '../../protocol/index.ts'
import type { Log } from '../log.ts'

/** What was committed to one partition. */
export interface News {
  readonly partition: string
  /** Whose rows changed, null for a row of everybody's; `anybody`: too many to name, or not known. */
  readonly owners: readonly (string | null)[] | 'anybody'
  /** The partition's head after it. */
  readonly head: number
}

export interface BusSetting {
  /** What other processes told; never what this one did. */
  hear(news: readonly News[]): void
  /** Hearing begins, at first and after every outage: what was told before was not heard. */
  listening(): void
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Bus {
  /**
   * Once, by one gateway. Resolves before the bus is reached: one that is away is logged and tried again until it is there.
   * Throws BusError for what no waiting mends.
   */
  start(setting: BusSetting): Promise<void>
  /**
   * Never throws and never waits. What comes quickly, or while the bus is away, melts into one piece of news a partition;
   * it leaves when it can.
   */
  tell(news: readonly News[]): void
  /** Gives what was told a second to leave. */
  close(): Promise<void>
}

/**
 * PACKAGE_MISSING and BUS_IN_USE stop the start. BUS_DEAF (its own messages don't come back) and BUS_SLOW (it does not answer
 * in time) are only ever logged.
 */
export type BusErrorCode = 'PACKAGE_MISSING' | 'BUS_IN_USE' | 'BUS_DEAF' | 'BUS_SLOW' | 'BUS_LOST'

export class BusError extends Error {
  readonly code: BusErrorCode
  constructor(code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BusError'
    this.code = code
  }
}
