/**
 * Which gateways are alive, told by rows that each of them renews, all by the database's clock. Whoever finds one dead takes
 * its unfinished workflows over and its row away.
 */
import type pg from 'pg'
import { type Clock, pause } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import { repeat } from './repeat.ts'

const LOCK = `hashtextextended('layover.engine', 0)`
const LOCK_POLL_MS = 100
/** A gateway that stands still while it takes another one over gives up the other's row after so long. */
const TAKEOVER_MS = 10_000
const SCHEMA = `
  create schema if not exists layover;
  create table if not exists layover.gateway (id text primary key, beat timestamptz not null, serves text[] not null);
  create table if not exists layover.duty (name text primary key, at timestamptz not null);`

interface GatewaysSetting {
  readonly id: string
  readonly serves: readonly string[]
  readonly beatMs: number
  readonly deadAfterMs: number
  /** One connection of its own: a heartbeat must not wait for work. */
  readonly beats: pg.Pool
  readonly pool: pg.Pool
  readonly clock: Clock
  readonly log: Log
}

export class Gateways {
  readonly #setting: GatewaysSetting
  /** When the last beat that arrived was sent, and when the last gap in them ended. Milliseconds since the epoch. */
  #beatAt = 0
  #gapEndedAt = Number.POSITIVE_INFINITY
  #isHeard = true
  #died: () => Promise<void> = async () => undefined
  #busy: Promise<void> | undefined
  #stopBeating: () => Promise<void> = async () => undefined

  constructor(setting: GatewaysSetting) {
    this.#setting = setting
  }

  get id(): string {
    return this.#setting.id
  }

  /**
   * Makes the tables that are missing, enters this gateway, which beats from then on, and calls `launch`, one gateway at a time. The lock is asked for
   * again and again: who waits inside a query would hold up an index that the other one builds.
   */
  async enter(launch: () => Promise<void>): Promise<void> {
    for (;;) {
      const isDone = await this.#transaction(async client => {
        const { rows } = await client.query<{ mine: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as mine`)
        if (rows[0]?.mine !== true) return false
        await client.query('set local idle_in_transaction_session_timeout = 0')
        const { rows: found } = await client.query<{ duty: string | null }>(
          `select to_regclass('layover.duty') as duty`,
        )
        // Looked for first: a role that may create nothing may still use what is there.
        if (found[0]?.duty == null) await this.#setting.pool.query(SCHEMA)
        await this.#beat()
        this.#stopBeating = repeat(this.#setting.clock, this.#setting.beatMs, () => this.#beatOn())
        await launch()
        return true
      })
      if (isDone) return
      await pause(this.#setting.clock, LOCK_POLL_MS)
    }
  }

  /** From here on `died` is called, again and again, while there is a gateway that does not beat. */
  watch(died: () => Promise<void>): void {
    this.#died = died
  }

  /** False: since that moment (milliseconds since the epoch) this gateway may have been silent for too long. */
  isSteady(since: number): boolean {
    const { clock, deadAfterMs } = this.#setting
    return this.#gapEndedAt <= since && clock.now() - this.#beatAt <= deadAfterMs / 2
  }

  /** Has `takeOver` done for each gateway that is dead, by one process at a time, and strikes it off. */
  async takeOver(takeOver: (id: string) => Promise<void>): Promise<void> {
    const { id, deadAfterMs } = this.#setting
    await this.#transaction(async client => {
      await client.query(`set local idle_in_transaction_session_timeout = ${TAKEOVER_MS}`)
      const { rows } = await client.query<{ id: string }>(
        `select id from layover.gateway where id <> $1 and beat < clock_timestamp() - make_interval(secs => $2)
         for update skip locked`,
        [id, deadAfterMs / 1000],
      )
      for (const dead of rows) {
        await takeOver(dead.id)
        await client.query('delete from layover.gateway where id = $1', [dead.id])
      }
    })
  }

  async ids(): Promise<ReadonlySet<string>> {
    const { rows } = await this.#setting.pool.query<{ id: string }>('select id from layover.gateway')
    return new Set(rows.map(({ id }) => id))
  }

  /** True for one of all gateways within `everyMs`. */
  async isItsTurn(duty: string, everyMs: number): Promise<boolean> {
    const { rowCount } = await this.#setting.pool.query(
      `insert into layover.duty values ($1, clock_timestamp()) on conflict (name) do update set at = excluded.at
       where duty.at < excluded.at - make_interval(secs => $2)`,
      [duty, everyMs / 1000],
    )
    return rowCount === 1
  }

  /** Beats no more. The row stays until `leave`. */
  async stop(): Promise<void> {
    await this.#stopBeating()
    await this.#busy
  }

  async leave(): Promise<void> {
    await this.#setting.pool.query('delete from layover.gateway where id = $1', [this.#setting.id])
  }

  async #beatOn(): Promise<void> {
    const { clock, deadAfterMs, log } = this.#setting
    try {
      const isOneDead = await this.#beat()
      if (!this.#isHeard) log.info({}, 'the heartbeat of this gateway is heard again')
      this.#isHeard = true
      // After a gap that all have had, such as a restart of the database, the others get the time to be heard, too.
      if (isOneDead && this.isSteady(clock.now() - deadAfterMs)) this.#busy ??= this.#told()
    } catch (error) {
      if (this.#isHeard) log.error({ error }, 'the heartbeat of this gateway is not heard')
      this.#isHeard = false
    }
  }

  /** Beside the beats. */
  async #told(): Promise<void> {
    try {
      await this.#died()
    } catch (error) {
      this.#setting.log.error({ error }, 'the tasks of a silent gateway could not be taken over and are tried again')
    }
    this.#busy = undefined
  }

  /** True when another one is silent. */
  async #beat(): Promise<boolean> {
    const { beats, id, serves, deadAfterMs, clock } = this.#setting
    const at = clock.now()
    const { rows } = await beats.query<{ dead: boolean }>(
      `with mine as (
         insert into layover.gateway values ($1, clock_timestamp(), $2) on conflict (id) do update set beat = excluded.beat)
       select exists (select 1 from layover.gateway
         where id <> $1 and beat < clock_timestamp() - make_interval(secs => $3)) as dead`,
      [id, serves, deadAfterMs / 1000],
    )
    if (at - this.#beatAt > deadAfterMs / 2) this.#gapEndedAt = clock.now()
    this.#beatAt = at
    return rows[0]?.dead === true
  }

  async #transaction<Value>(work: (client: pg.PoolClient) => Promise<Value>): Promise<Value> {
    const client = await this.#setting.pool.connect()
    let failure: Error | undefined
    const fail = (error: Error): void => {
      failure = error
    }
    // A connection that ends while it is lent says so here, and would end the process otherwise.
    client.on('error', fail)
    try {
      await client.query('begin')
      const value = await work(client)
      await client.query('commit')
      return value
    } catch (error) {
      await client.query('rollback').catch(fail)
      throw error
    } finally {
      client.off('error', fail)
      client.release(failure)
    }
  }
}
