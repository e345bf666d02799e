/** When an absence begins, when it is reported, and what of the outbox its report tells. */
import type { OfflineClient, OutboxEntry, SettledTask } from 'layover/client'
import { expect, test } from 'vitest'
import { CustomersDocument } from '../../client/vacation/__generated__/graphql.ts'
import type { AbsenceMemory } from '../../client/vacation/report/absence-memory.ts'
import { type Absence, Absences } from '../../client/vacation/report/absences.ts'

const MINUTE = 60_000
const choir = { id: 'choir', version: 1, updatedBy: 'ann', name: 'Choir' }

/** A device of which everything is told, and its page. */
class Device {
  time = Date.parse('2026-11-26T08:00:00Z')
  state = 'online'
  syncedAt: number | undefined = this.time
  entries: Partial<OutboxEntry>[] = []
  history: Partial<SettledTask>[] = []
  customers: object[] = [choir]
  paused = false
  seenAt: number | undefined
  absence: Absence | undefined
  readonly #listeners = new Set<() => void>()
  readonly #timers = new Set<{ at: number; run: () => void }>()

  open(): Absences {
    const device = this
    const subscribe = (listener: () => void): (() => void) => {
      this.#listeners.add(listener)
      return () => this.#listeners.delete(listener)
    }
    const client = {
      connection: {
        get state() {
          return device.state
        },
        subscribe,
      },
      sync: {
        get lastSyncedAt() {
          return device.syncedAt === undefined ? null : new Date(device.syncedAt)
        },
        subscribe,
      },
      outbox: {
        get entries() {
          return device.entries
        },
        get history() {
          return device.history
        },
        get paused() {
          return device.paused
        },
        subscribe,
      },
      cache: {
        readQuery: ({ query }: { query: unknown }) =>
          query === CustomersDocument ? { customers: { nodes: device.customers } } : null,
      },
      closed: new Promise<never>(() => undefined),
    } as unknown as OfflineClient
    const memory: AbsenceMemory = {
      seenAt: this.seenAt,
      absence: this.absence,
      saw: at => {
        this.seenAt = at
      },
      keep: absence => {
        this.absence = absence
      },
      forget: () => undefined,
    }
    const after = (ms: number, run: () => void): (() => void) => {
      const timer = { at: this.time + ms, run }
      this.#timers.add(timer)
      return () => this.#timers.delete(timer)
    }
    const absences = new Absences(client, 'ann', memory, { now: () => this.time, after })
    absences.start()
    return absences
  }

  pass(ms: number): void {
    this.time += ms
    for (const timer of this.#timers) {
      if (timer.at > this.time) continue
      this.#timers.delete(timer)
      timer.run()
    }
  }

  become(what: Partial<Pick<Device, 'state' | 'entries' | 'history' | 'customers' | 'syncedAt' | 'paused'>>): void {
    Object.assign(this, what)
    for (const listener of [...this.#listeners]) listener()
  }

  settled(id: string): Partial<SettledTask> {
    const outcome = { status: 'confirmed', data: null, reconciliation: [] } as const
    return { id, settledAt: new Date(this.time).toISOString(), outcome }
  }
}

const changed = { ...choir, version: 2, updatedBy: 'bob', name: 'North Choir' }

test('what others changed while the connection was gone is told after the first pull that follows', () => {
  const device = new Device()
  const absences = device.open()
  device.become({ state: 'offline' })
  device.pass(MINUTE)
  device.become({ state: 'online' })
  expect(absences.report()).toBeUndefined()
  device.become({ customers: [changed], syncedAt: device.time })
  expect(absences.report()?.customers.map(({ fields }) => fields)).toEqual([['name']])
  absences.dismiss()
  expect(absences.report()).toBeUndefined()
  expect(device.absence).toBeUndefined()
})

test('a connection that was gone for a moment, and an absence without news, are not worth a word', () => {
  const device = new Device()
  const absences = device.open()
  device.become({ state: 'unreachable' })
  device.pass(500)
  device.become({ state: 'online', customers: [changed], syncedAt: device.time })
  expect(absences.report()).toBeUndefined()
  device.become({ state: 'offline' })
  device.pass(MINUTE)
  device.become({ state: 'online', syncedAt: device.time })
  expect(absences.report()).toBeUndefined()
})

test('it waits for the verdicts, but not for long; what comes later is told, too, and what was stuck before is not', () => {
  const device = new Device()
  device.entries = [{ id: 'old', status: 'rejected' }]
  const absences = device.open()
  device.become({ state: 'offline' })
  device.become({ entries: [...device.entries, { id: 'one', status: 'queued' }, { id: 'two', status: 'queued' }] })
  device.pass(MINUTE)
  device.become({ state: 'online', syncedAt: device.time })
  device.become({
    entries: [
      { id: 'old', status: 'rejected' },
      { id: 'two', status: 'accepted' },
    ],
    history: [device.settled('one')],
  })
  expect(absences.report()).toBeUndefined()
  device.pass(10_000)
  expect(absences.report()).toMatchObject({ settled: [{ id: 'one' }], stuck: [], pending: [{ id: 'two' }] })
  device.become({
    entries: [
      { id: 'old', status: 'rejected' },
      { id: 'two', status: 'conflict' },
    ],
  })
  expect(absences.report()).toMatchObject({ settled: [{ id: 'one' }], stuck: [{ id: 'two' }], pending: [] })
  device.become({ history: [device.settled('later'), ...device.history] })
  expect(absences.report()?.settled.map(({ id }) => id)).toEqual(['one'])
})

test('whoever opens the page after half an hour, or with work waiting, was away since it was last seen', () => {
  const device = new Device()
  device.seenAt = device.time
  device.pass(31 * MINUTE)
  const absences = device.open()
  device.become({ customers: [changed], syncedAt: device.time })
  expect(absences.report()).toMatchObject({ since: device.time - 31 * MINUTE, customers: [{ kind: 'changed' }] })

  const reloaded = new Device()
  reloaded.entries = [{ id: 'one', status: 'queued' }]
  const again = reloaded.open()
  reloaded.pass(1000)
  reloaded.become({ entries: [], history: [reloaded.settled('one')], syncedAt: reloaded.time })
  expect(again.report()?.settled.map(({ id }) => id)).toEqual(['one'])
})

test('a report outlives a reload, and a first start has nothing to compare', () => {
  const device = new Device()
  device.open()
  device.become({ state: 'offline' })
  device.pass(MINUTE)
  device.become({ state: 'online', customers: [changed], syncedAt: device.time })
  expect(device.open().report()?.customers).toHaveLength(1)

  const first = new Device()
  first.syncedAt = undefined
  first.customers = []
  const absences = first.open()
  first.become({ state: 'unreachable' })
  first.pass(MINUTE)
  first.become({ state: 'online', customers: [choir], syncedAt: first.time })
  expect(absences.report()).toBeUndefined()
})
