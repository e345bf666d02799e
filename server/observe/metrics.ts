/** Prometheus metrics of a gateway. Door: `layover/server/metrics`; needs the package prom-client. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { TASK_STATUSES } from '../../protocol/index.ts'
import type { Backlog } from '../store/store.ts'
import type { Observer, Watched } from './observer.ts'

export interface MetricsOptions {
  /** Default: one of its own. */
  readonly registry?: Registry
  /** In front of every name of the gateway's; default `layover_`. The process's own names are as prom-client has them. */
  readonly prefix?: string
  /** Event loop lag, heap, CPU and open files of this process; default true. */
  readonly processMetrics?: boolean
}

export type Metrics = Observer & {
  /** Everything, in the format that `contentType` says. The backlog is read from the store now. */
  text(): Promise<string>
  readonly contentType: string
}

/** What no definition names. A label takes its values from the code alone, or anybody could make a million series. */
const OTHER = 'other'
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const STATUSES: ReadonlySet<string> = new Set(TASK_STATUSES)

const QUICK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const SLOW_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200]

/** A clock that was set back must not make a duration negative. */
const seconds = (ms: number): number => Math.max(0, ms) / 1000

/** Give it to `createGateway({ observers: [metrics] })`, and serve `text()` where only your scraper can read it. */
export function prometheusMetrics(options: MetricsOptions = {}): Metrics {
  const { registry = new Registry(), prefix = 'layover_', processMetrics = true } = options
  if (processMetrics) collectDefaultMetrics({ register: registry })
  const meters = metersOf(registry, prefix)
  const tasks = new Set<string>()
  const steps = new Set<string>()
  const gateways: Watched[] = []
  const taskName = (name: string): string => (tasks.has(name) ? name : OTHER)
  readAtScrape(registry, prefix, gateways)
  return {
    watch(gateway) {
      gateways.push(gateway)
      for (const task of gateway.tasks) {
        tasks.add(task.name)
        for (const step of task.steps) steps.add(`${task.name} ${step}`)
      }
    },
    taskSettled({ name, status, durationMs }) {
      const task = taskName(name)
      meters.tasks.inc({ name: task, status: STATUSES.has(status) ? status : OTHER })
      meters.taskSeconds.observe({ name: task }, seconds(durationMs))
    },
    stepEnded({ task, step, outcome, durationMs }) {
      const known = steps.has(`${task} ${step}`)
      meters.stepSeconds.observe({ task: taskName(task), step: known ? step : OTHER, outcome }, seconds(durationMs))
    },
    poked: ({ lagMs }) => meters.feedLag.observe(seconds(lagMs)),
    pulled({ records, durationMs }) {
      meters.pullSeconds.observe(seconds(durationMs))
      meters.pulledRecords.inc(records)
    },
    subscribers: count => meters.subscribers.set(count),
    heard: ({ commits, by }) => meters.heard.inc({ by }, commits),
    answered({ method, route = OTHER, status, durationMs }) {
      meters.requests.inc({ method: METHODS.has(method) ? method : OTHER, route, status })
      meters.requestSeconds.observe({ route }, seconds(durationMs))
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function metersOf(registry: Registry, prefix: string) {
  const histogram = <Label extends string>(name: string, help: string, buckets: number[], labelNames: Label[] = []) =>
    new Histogram({ name: prefix + name, help, labelNames, registers: [registry], buckets })
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: prefix + name, help, labelNames, registers: [registry] })
  return {
    tasks: counter('tasks_total', 'Tasks that came to an outcome', ['name', 'status']),
    taskSeconds: histogram('task_seconds', 'From taking a task to its outcome', SLOW_SECONDS, ['name']),
    stepSeconds: histogram('step_seconds', 'One call to the outside, or one call back', SLOW_SECONDS, [
      'task',
      'step',
      'outcome',
    ]),
    feedLag: histogram('feed_lag_seconds', 'From a commit to telling a subscriber of it', QUICK_SECONDS),
    pullSeconds: histogram('pull_seconds', 'Answering a page of changes', QUICK_SECONDS),
    pulledRecords: counter('pulled_records_total', 'Records sent in answer to changes'),
    subscribers: new Gauge({
      name: `${prefix}subscribers`,
      help: 'Open subscriptions to changesAvailable',
      registers: [registry],
    }),
    heard: counter('heard_commits_total', 'Commits of other gateways, by how they came to be known', ['by']),
    requests: counter('http_requests_total', 'HTTP requests answered', ['method', 'route', 'status']),
    requestSeconds: histogram('http_seconds', 'From an HTTP request to the end of its answer', QUICK_SECONDS, [
      'route',
    ]),
  }
}

/** While a store is closed its part is missing; when all are, so is the series, and an alert on its absence sees it. */
function readAtScrape(registry: Registry, prefix: string, gateways: readonly Watched[]): void {
  new Gauge({
    name: `${prefix}unfinished_tasks`,
    help: 'Tasks with work left, by what they are at',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      this.reset()
      const answers = await Promise.allSettled(gateways.map(gateway => gateway.backlog()))
      for (const answer of answers) {
        if (answer.status === 'rejected') continue
        for (const [state, count] of Object.entries(answer.value) as [keyof Backlog, number][]) {
          this.inc({ state }, count)
        }
      }
    },
  })
}
