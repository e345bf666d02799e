/** DBOS as the engine needs it: one workflow a walk, in a queue a definition whenever it is not begun by whoever took the task. */
import type { DBOSClient } from '@dbos-inc/dbos-sdk'
import type pg from 'pg'
import type { Log } from '../log.ts'
import { definitionName, EngineError, type Handle } from './engine.ts'

type Sdk = typeof import('@dbos-inc/dbos-sdk')

const APPLICATION = 'layover'
/** Any build may go on with the workflow of any other: what differs between builds is which queues they serve. */
const VERSION = 'layover-1'
const WALK = 'layover.walk'
const BATCH = 500
/** DBOS counts starts and gives up after so many. Here the stumbles of a task are counted instead. */
const MOST_STARTS = 1_000_000

export interface WorkflowsSetting {
  readonly url: string
  /** Of the workflows' runs. */
  readonly runs: pg.Pool
  /** For what is not part of a workflow's run. Neither is ended here. */
  readonly pool: pg.Pool
  readonly executor: string
  readonly definitions: readonly string[]
  /** How often each queue is looked into. */
  readonly pollMs: number
  readonly log: Log
  readonly walk: (id: string, task: Handle) => Promise<void>
}

/** A workflow that has not ended: PENDING at an executor, or ENQUEUED for any. */
export interface Unfinished {
  readonly id: string
  readonly executor: string | undefined
  readonly isEnqueued: boolean
}

/** DBOS keeps one state a process. */
let isTaken = false

export class Workflows {
  readonly #setting: WorkflowsSetting
  readonly #sdk: Sdk
  readonly #client: DBOSClient
  readonly #walk: (task: Handle) => Promise<void>

  private constructor(setting: WorkflowsSetting, sdk: Sdk, client: DBOSClient) {
    const { DBOS } = sdk
    this.#setting = setting
    this.#sdk = sdk
    this.#client = client
    const walk = (task: Handle): Promise<void> => setting.walk(DBOS.workflowID ?? '', task)
    this.#walk = DBOS.registerWorkflow(walk, { name: WALK, maxRecoveryAttempts: MOST_STARTS })
  }

  /** Throws EngineError: ENGINE_MISSING, ENGINE_IN_USE. */
  static async make(setting: WorkflowsSetting): Promise<Workflows> {
    const sdk = await loaded()
    if (isTaken || sdk.DBOS.isInitialized()) {
      throw new EngineError(
        'ENGINE_IN_USE',
        'DBOS runs once in a process, and it does already: stop the other gateway first, or start this one in a process of its own.',
      )
    }
    isTaken = true
    sdk.DBOS.setConfig({
      name: APPLICATION,
      systemDatabaseUrl: setting.url,
      systemDatabasePool: setting.runs,
      applicationVersion: VERSION,
      executorID: setting.executor,
      listenQueues: setting.definitions.map(queueOf),
      // Nothing here waits for DBOS's events, and LISTEN would need a connection of its own.
      useListenNotify: false,
      logger: loggerOf(setting.log),
    })
    const client = await sdk.DBOSClient.create({
      systemDatabaseUrl: setting.url,
      systemDatabasePool: setting.pool,
      applicationName: APPLICATION,
      logger: loggerOf(setting.log),
    })
    return new Workflows(setting, sdk, client)
  }

  async launch(): Promise<void> {
    const { DBOS } = this.#sdk
    await DBOS.launch()
    const { definitions, pollMs } = this.#setting
    const known = new Map((await DBOS.listQueues()).map(queue => [queue.name, queue.minPollingIntervalMs]))
    for (const name of definitions.map(queueOf))
      if (known.get(name) !== pollMs) await DBOS.registerQueue(name, { minPollingIntervalMs: pollMs })
  }

  /** Runs it in this process, or puts it into its definition's queue. Nothing happens if a workflow of this id exists. */
  async start(id: string, task: Handle, { isEnqueued = false } = {}): Promise<void> {
    const queueName = queueOf(definitionOf(task))
    const { partition, user, id: taskId, reference, name, definitionVersion } = task
    const handle: Handle = { partition, user, id: taskId, reference, name, definitionVersion }
    await this.#sdk.DBOS.startWorkflow(this.#walk, { workflowID: id, ...(isEnqueued ? { queueName } : {}) })(handle)
  }

  /** Of those of the ids that there are: have they ended? */
  async haveEnded(ids: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
    const found = await this.#client.listWorkflows({ workflowIDs: [...ids], loadInput: false, loadOutput: false })
    return new Map(found.map(({ workflowID, status }) => [workflowID, status !== 'PENDING' && status !== 'ENQUEUED']))
  }

  async unfinished(): Promise<Unfinished[]> {
    const found = await this.#client.listWorkflows({
      workflowName: WALK,
      status: ['PENDING', 'ENQUEUED'],
      loadInput: false,
      loadOutput: false,
    })
    return found.map(({ workflowID, executorId, status }) => ({
      id: workflowID,
      executor: executorId,
      isEnqueued: status === 'ENQUEUED',
    }))
  }

  /** Takes what this executor runs from it, and puts it into the queues of its definitions. Returns how many. */
  async requeue(executor: string): Promise<number> {
    for (let count = 0; ; ) {
      const found = await this.#client.listWorkflows({
        workflowName: WALK,
        executorId: executor,
        status: 'PENDING',
        limit: BATCH,
        loadOutput: false,
      })
      if (found.length === 0) return count
      const queues = new Map<string, string[]>()
      for (const { workflowID, input } of found) {
        const queue = queueOf(definitionOf(input?.[0] as Handle))
        queues.set(queue, [...(queues.get(queue) ?? []), workflowID])
      }
      for (const [queueName, ids] of queues) await this.#client.resumeWorkflows(ids, { queueName })
      count += found.length
    }
  }

  /** Deletes what ended before this moment, milliseconds since the epoch. Returns how many. */
  async purge(before: number): Promise<number> {
    for (let count = 0; ; ) {
      const found = await this.#client.listWorkflows({
        workflowName: WALK,
        status: ['SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'],
        completedBefore: new Date(before).toISOString(),
        limit: BATCH,
        loadInput: false,
        loadOutput: false,
      })
      if (found.length > 0) await this.#client.deleteWorkflows(found.map(({ workflowID }) => workflowID))
      count += found.length
      if (found.length < BATCH) return count
    }
  }

  /** Nothing runs here any more. The other questions are still answered. */
  async stop(): Promise<void> {
    await this.#sdk.DBOS.shutdown({ deregister: true })
  }

  async close(): Promise<void> {
    await this.#client.destroy()
    isTaken = false
  }
}

const definitionOf = ({ name, definitionVersion }: Handle): string => definitionName(name, definitionVersion)

const queueOf = (definition: string): string => `layover.${definition}`

async function loaded(): Promise<Sdk> {
  try {
    return await import('@dbos-inc/dbos-sdk')
  } catch (cause) {
    throw new EngineError(
      'ENGINE_MISSING',
      'Several gateways on one Postgres need the package @dbos-inc/dbos-sdk: npm install @dbos-inc/dbos-sdk',
      { cause },
    )
  }
}

interface Logger {
  info(entry: unknown): void
  debug(entry: unknown): void
  warn(entry: unknown): void
  error(entry: unknown, metadata?: { readonly error?: unknown }): void
}

/** What it says may hold values of a row, so only the error's code and place are kept. */
function loggerOf(log: Log): Logger {
  return {
    info: () => undefined,
    debug: () => undefined,
    warn: () => undefined,
    error: (_, metadata) => log.error({ error: metadata?.error }, 'DBOS reports an error'),
  }
}
