/**
 * The engine of several gateways on one Postgres. DBOS owns which process walks a task: it starts a walk once, knows who has
 * it, and hands it to another one when that process has died. What a walk records lies in the gateway's own store.
 */
import { AsyncResource } from 'node:async_hooks'
import { backoffMs, pause } from '../../protocol/index.ts'
import { Gateways } from './dbos-gateways.ts'
import { chainOf, chainOfWorkflow, numberOfToken, tokenOf, workflowOf } from './dbos-names.ts'
import { Workflows } from './dbos-workflows.ts'
import {
  definitionName,
  type Engine,
  EngineError,
  type EngineMaker,
  type EngineSetting,
  type Handle,
  type Work,
} from './engine.ts'
import { repeat } from './repeat.ts'
import { Walks } from './walks.ts'

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 10_000
const SIGNAL_POLL_MS = 1000
/** Looks for a signalled task before it is left to the next look at everything. */
const SIGNAL_TRIES = 5
const PURGE_EVERY_MS = 3_600_000
const OUR_CONNECTIONS = 3
/** The default of DBOS. */
const IDLE_TRANSACTION_MS = 60_000
/** A gateway that stops does not wait longer for the database to take note. */
const HAND_OVER_MS = 10_000
/** Ids of a task's workflows that are looked for at once. */
const WINDOW = 8
/** Waiting tasks that one look sets going at most. */
const MOST_DUE = 1000

export interface DbosOptions {
  /** The store's database, `postgres://…`. DBOS keeps its tables there in the schema `dbos`. */
  readonly url: string
  /** Connections that DBOS may open; default 5. The engine opens up to four beside them. */
  readonly connections?: number
  /** How often a gateway says that it lives; default 500. */
  readonly beatMs?: number
  /** Silence after which a gateway is dead and the others take its tasks; default 3000, at least four beats. */
  readonly deadAfterMs?: number
  /** How often one of the gateways looks for tasks that nobody has; default 5000. */
  readonly lookMs?: number
  /** How often a gateway asks for tasks that another one left; default 500. */
  readonly pollMs?: number
  /** How long a finished workflow is kept; default 24. */
  readonly keepHours?: number
}

/** Throws EngineError ENGINE_SETTING. DBOS is loaded when the gateway starts, once in a process. */
export function dbosEngine(options: DbosOptions): EngineMaker {
  const { beatMs = 500, deadAfterMs = 3000, lookMs = 5000, pollMs = 500, keepHours = 24, connections = 5 } = options
  const all = { url: options.url, connections, beatMs, deadAfterMs, lookMs, pollMs, keepHours }
  if (!/^postgres(ql)?:\/\//.test(options.url))
    throw new EngineError('ENGINE_SETTING', 'url of dbosEngine has to be the address of the database: postgres://…')
  for (const [name, value] of Object.entries(all)) {
    if (typeof value === 'number' && !(value > 0))
      throw new EngineError('ENGINE_SETTING', `${name} of dbosEngine has to be a number above 0, not ${value}.`)
  }
  if (deadAfterMs < 4 * beatMs) {
    throw new EngineError(
      'ENGINE_SETTING',
      `deadAfterMs of dbosEngine (${deadAfterMs}) has to be at least four times beatMs (${beatMs}), or a gateway that is only busy is taken for dead.`,
    )
  }
  return setting => new DbosEngine(setting, all)
}

interface Parts {
  readonly gateways: Gateways
  readonly workflows: Workflows
  close(): Promise<void>
}

class DbosEngine implements Engine {
  readonly #setting: EngineSetting
  readonly #options: Required<DbosOptions>
  readonly #serves: ReadonlySet<string>
  readonly #walks: Walks
  /** Walks run in here, or where they were asked for: DBOS would take what they start for parts of their workflow. */
  readonly #outside = new AsyncResource('layover.walk')
  /** Workflows that this process is just about to start, for tasks that no process has been at; where they were asked for. */
  readonly #first = new Map<string, AsyncResource>()
  readonly #beginning = new Map<string, Promise<void>>()
  /** Tasks that an operator left word for, by how often they were looked for. */
  readonly #heard = new Map<string, number>()
  readonly #stops: (() => Promise<void>)[] = []
  #parts: Parts | undefined
  #work: Work | undefined

  constructor(setting: EngineSetting, options: Required<DbosOptions>) {
    this.#setting = setting
    this.#options = options
    this.#serves = new Set(setting.definitions)
    this.#walks = new Walks({ ...setting, isSteady: since => this.#parts?.gateways.isSteady(since) ?? false })
  }

  async start(work: Work): Promise<void> {
    this.#work = work
    this.#parts = await this.#open()
    const { gateways, workflows, close } = this.#parts
    try {
      await gateways.enter(() => workflows.launch())
    } catch (cause) {
      this.#parts = undefined
      await Promise.all([workflows.stop().catch(() => undefined), gateways.stop()])
      await close()
      throw unavailable(cause)
    }
    gateways.watch(() => this.#takeOver())
    this.#repeat(SIGNAL_POLL_MS, 'signals could not be followed', () => this.#listen())
  }

  async recover(): Promise<void> {
    await this.#look()
    this.#repeat(this.#options.lookMs, 'tasks that nobody has could not be looked for', async () => {
      const { gateways, workflows } = this.#opened()
      const { lookMs, keepHours } = this.#options
      if (!(await gateways.isItsTurn('look', lookMs * 0.9))) return
      await this.#look()
      const keepMs = keepHours * 3_600_000
      if (!(await gateways.isItsTurn('purge', Math.min(PURGE_EVERY_MS, keepMs)))) return
      await workflows.purge(this.#setting.clock.now() - keepMs)
    })
  }

  run(task: Handle, { isFirst = false }: { isFirst?: boolean } = {}): void {
    const { reference } = task
    if (this.#walks.signal.aborted || this.#walks.isUnderWay(reference) || this.#beginning.has(reference)) return
    const begin = this.#persistBegin(task, isFirst).finally(() => this.#beginning.delete(reference))
    this.#beginning.set(reference, begin)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#walks.stop(), ...this.#stops.map(stop => stop())])
    if (this.#parts === undefined) return
    const { gateways, workflows, close } = this.#parts
    this.#parts = undefined
    const { clock, log } = this.#setting
    const leave = async (): Promise<void> => {
      try {
        await workflows.stop()
        await gateways.stop()
        // Others need not wait for its heartbeat to fail.
        await workflows.requeue(gateways.id)
        await gateways.leave()
      } catch (error) {
        log.error({ error }, 'unfinished tasks could not be handed over: the others will find them')
      }
      await close()
    }
    // Without a database it would be tried for ever.
    await Promise.race([leave(), pause(clock, HAND_OVER_MS)])
  }

  async #open(): Promise<Parts> {
    const { url, connections, pollMs, beatMs, deadAfterMs } = this.#options
    const { clock, random, log, definitions } = this.#setting
    const { default: pg } = await import('pg')
    const poolOf = (max: number, settings: object): InstanceType<typeof pg.Pool> => {
      const pool = new pg.Pool({ connectionString: url, application_name: 'layover-engine', max, ...settings })
      pool.on('error', error => log.error({ error }, 'a connection of the engine ended'))
      return pool
    }
    const patience = { connectionTimeoutMillis: deadAfterMs }
    const [beats, pool] = [poolOf(1, patience), poolOf(OUR_CONNECTIONS, patience)]
    // DBOS would set this on a connection that is in use already, against which pg warns on the terminal.
    const runs = poolOf(connections, {
      onConnect: (client: InstanceType<typeof pg.Client>) =>
        client.query(`set idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_MS}`),
    })
    const id = random.uuid()
    const walk = (workflow: string, task: Handle): Promise<void> => this.#walk(workflow, task)
    const setting = { url, runs, pool, executor: id, definitions, pollMs, log, walk }
    const workflows = await Workflows.make(setting)
    return {
      workflows,
      gateways: new Gateways({ id, serves: definitions, beatMs, deadAfterMs, beats, pool, clock, log }),
      async close() {
        await workflows.close()
        await Promise.all([beats, pool, runs].map(each => each.end()))
      },
    }
  }

  /** The body of the workflow. What it leaves unfinished stays so for others: DBOS never hears of its end. */
  async #walk(workflow: string, task: Handle): Promise<void> {
    const asked = this.#first.get(workflow)
    const isFirst = asked !== undefined
    const token = tokenOf(workflow, this.#setting.random.uuid())
    const { walks, work } = { walks: this.#walks, work: this.#work }
    if (work === undefined) return
    const ending = await (asked ?? this.#outside).runInAsyncScope(async () => {
      // Back here from a gateway that died: the walk from before may be still at it, and lost.
      while (walks.isUnderWay(task.reference)) {
        const before = await walks.walk(task, work, { token, isFirst })
        if (before !== 'lost') return before
      }
      return walks.walk(task, work, { token, isFirst })
    })
    if (ending === 'stopped') await new Promise(() => undefined)
  }

  /** Until the database takes it. */
  async #persistBegin(task: Handle, isFirst: boolean): Promise<void> {
    const { clock, random, log } = this.#setting
    const { signal } = this.#walks
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        if (isFirst && attempt === 1) await this.#beginFirst(task)
        else await this.#beginAgain(task)
        return
      } catch (error) {
        if (signal.aborted) return
        log.error({ error, task: task.reference, attempt }, 'a walk could not be begun and will be tried again')
        const delayMs = backoffMs(attempt, random, FIRST_RETRY_MS, LAST_RETRY_MS)
        await pause(clock, delayMs, signal).catch(() => undefined)
      }
    }
  }

  async #beginFirst(task: Handle): Promise<void> {
    const workflow = workflowOf(chainOf(task), 0)
    this.#first.set(workflow, new AsyncResource('layover.walk'))
    try {
      await this.#opened().workflows.start(workflow, task)
    } finally {
      this.#first.delete(workflow)
    }
  }

  /** False: a process is at it, or about to be. */
  async #beginAgain(task: Handle, isForAny = false): Promise<boolean> {
    const { workflows } = this.#opened()
    const chain = chainOf(task)
    let next = numberOfToken(await this.#setting.store.view.walker(task.reference))
    for (;;) {
      const ids = Array.from({ length: WINDOW }, (_, index) => workflowOf(chain, next + index))
      const haveEnded = await workflows.haveEnded(ids)
      const last = ids.findLastIndex(id => haveEnded.has(id))
      if (last >= 0 && haveEnded.get(ids[last] as string) === false) return false
      next += last + 1
      if (last < WINDOW - 1) break
    }
    const isEnqueued = isForAny || !this.#serves.has(definitionName(task.name, task.definitionVersion))
    await workflows.start(workflowOf(chain, next), task, { isEnqueued })
    return true
  }

  async #takeOver(): Promise<void> {
    const { gateways, workflows } = this.#opened()
    const { log } = this.#setting
    await gateways.takeOver(async dead => {
      const tasks = await workflows.requeue(dead)
      log.warn({ gateway: dead, tasks }, 'a gateway is silent, and its tasks were taken over')
    })
  }

  /** Tasks that no process has: the one that took them died before it could say so, or after it had settled what they wait for. */
  async #look(): Promise<void> {
    const { gateways, workflows } = this.#opened()
    const { view } = this.#setting.store
    const unfinished = await workflows.unfinished()
    // Read afterwards: who runs a workflow has entered itself before.
    const known = await gateways.ids()
    const lost = unfinished.flatMap(({ executor, isEnqueued }) =>
      executor === undefined || isEnqueued || known.has(executor) ? [] : [executor],
    )
    for (const executor of new Set(lost)) await workflows.requeue(executor)
    const had = new Set(unfinished.map(({ id }) => chainOfWorkflow(id)))
    const signalled = new Set(await view.signalled())
    for (const task of await view.unfinished()) {
      if (this.#walks.signal.aborted) return
      if (task.state !== 'running' || had.has(chainOf(task))) continue
      if (task.parked === null || signalled.has(task.reference)) await this.#beginAgain(task, true)
    }
    for (const task of await view.due(MOST_DUE))
      if (this.#serves.has(definitionName(task.name, task.definitionVersion))) await this.#work?.advance(task)
  }

  /** Parked tasks whose operator spoke are walked by whoever hears it first. */
  async #listen(): Promise<void> {
    const { view } = this.#setting.store
    const signalled = new Set(await view.signalled())
    for (const reference of this.#heard.keys()) if (!signalled.has(reference)) this.#heard.delete(reference)
    const fresh = [...signalled].filter(reference => (this.#heard.get(reference) ?? 0) < SIGNAL_TRIES)
    if (fresh.length === 0) return
    const tasks = new Map((await view.unfinished()).map(task => [task.reference, task]))
    for (const reference of fresh) {
      const task = tasks.get(reference)
      const hasBegun = task?.state === 'running' && (await this.#beginAgain(task))
      this.#heard.set(reference, hasBegun ? SIGNAL_TRIES : (this.#heard.get(reference) ?? 0) + 1)
    }
  }

  #repeat(everyMs: number, failure: string, work: () => Promise<void>): void {
    const { clock, log } = this.#setting
    const stop = repeat(clock, everyMs, () =>
      work().catch(error => {
        if (!this.#walks.signal.aborted) log.error({ error }, failure)
      }),
    )
    this.#stops.push(stop)
  }

  #opened(): Parts {
    if (this.#parts === undefined) throw new EngineError('ENGINE_UNAVAILABLE', 'the engine is not started')
    return this.#parts
  }
}

function unavailable(cause: unknown): EngineError {
  const why = hasCode(cause, '42501')
    ? 'the role may not make what it needs: grant create on the database, or let another role start a gateway once and grant the rights on the schemas "dbos" and "layover"'
    : 'it does not answer as it should'
  return new EngineError('ENGINE_UNAVAILABLE', `DBOS could not be started on the database of dbosEngine: ${why}.`, {
    cause,
  })
}

/** DBOS wraps what Postgres said. */
const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && (('code' in error && error.code === code) || hasCode(error.cause, code))
