/** Anything may happen to three tabs, and in the end every task was applied once or given up, and all show what the gateway has. */
import { setTimeout as pause } from 'node:timers/promises'
import { LayoverError } from 'layover/client'
import { expect, test, vi } from 'vitest'
import type { Fault, LoggedRequest } from '../support/scripted-gateway.ts'
import { seeded } from '../support/seeded.ts'
import { agree, Browser, type OpenTab, rename } from '../support/tabs-app.ts'
import { createNote, shown, startGateway } from './notes-app.ts'

/** Hangs are noticed after a fifth of a second. */
const SPEED = 50
const STEPS = Number(process.env['TAB_STEPS'] ?? 50)
const SEEDS = process.env['TAB_SEEDS']?.split('-').map(Number) ?? [1, 6]

const FAULTS: readonly Fault['kind'][] = ['cut-before', 'cut-after', 'truncate', 'captive-portal', 'gone-html']
const hasTasks = ({ tasks }: LoggedRequest): boolean => tasks.length > 0

async function play(seed: number): Promise<void> {
  const random = seeded(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
  const gateway = await startGateway()
  const browser = new Browser(gateway, { answerWithinMs: 1000 }, SPEED)
  let tabs = await browser.openAll(3)
  /** Notes whose making was told to be on the device. */
  const kept = new Set<string>()
  /** Notes of tasks that somebody wanted out, and those that are out for sure. */
  const touched = new Set<string>()
  const withdrawn = new Set<string>()
  const trace: string[] = []
  const errors: unknown[] = []
  let made = 0

  const inTab = (run: () => Promise<unknown>, then: () => void = () => undefined): void => {
    run().then(then, error => {
      if (!(error instanceof LayoverError)) errors.push(error)
    })
  }
  const reopen = async (old: OpenTab): Promise<void> => {
    const opened = await browser.open()
    tabs = tabs.map(tab => (tab === old ? opened : tab))
  }
  const steps: Record<string, (tab: OpenTab) => unknown> = {
    create(tab) {
      made += 1
      const id = `n${made}`
      inTab(
        () => createNote(tab.client, id),
        () => kept.add(id),
      )
    },
    rename(tab) {
      const note = pick(shown(tab.cache) ?? [])
      if (note) inTab(() => rename(tab, note.id, `title ${made++}`, note.version))
    },
    withdraw(tab) {
      const entry = pick(tab.client.outbox.entries)
      if (!entry) return
      const ids = [entry, ...tab.client.outbox.dependents(entry.id)].map(({ variables }) => noteOf(variables))
      for (const id of ids) touched.add(id)
      const isMaking = entry.name === 'CreateNote'
      inTab(
        () => (below(2) === 0 ? tab.client.outbox.cancel(entry.id) : tab.client.outbox.discard(entry.id)),
        () => isMaking && withdrawn.add(noteOf(entry.variables)),
      )
    },
    edit(tab) {
      const entry = pick(tab.client.outbox.entries)
      if (entry?.name === 'UpdateNote')
        inTab(() => tab.client.outbox.edit(entry.id, { ...entry.variables, patch: { title: `edited ${made++}` } }))
    },
    retry(tab) {
      const entry = pick(tab.client.outbox.entries)
      if (entry) inTab(() => tab.client.outbox.retry(entry.id))
    },
    pull: tab => inTab(() => tab.client.sync.pull()),
    pause: tab => tab.client.outbox.pause(),
    resume: tab => tab.client.outbox.resume(),
    offline: tab => tab.client.connection.setMode('offline'),
    online: tab => tab.client.connection.setMode('auto'),
    hang: tab => tab.tab.hang(),
    wake: tab => tab.tab.wake(),
    async die(tab) {
      tab.tab.die()
      await reopen(tab)
    },
    async close(tab) {
      if (!tab.tab.isAlive) return
      await tab.client.close()
      await reopen(tab)
    },
    lose() {
      const kind = pick(['news', 'word', 'hello', 'welcome', 'led', 'ask', 'reply', 'there?', 'there'])
      browser.house.loses = message => message.kind === kind && random() < 0.7
    },
    loseNothing() {
      browser.house.loses = () => false
    },
    fault: () => gateway.fault({ kind: pick(FAULTS) } as Fault, hasTasks),
    others: () => void (gateway.notes.size > 0 && gateway.write({ id: `o${below(3)}`, title: `theirs ${made++}` })),
    later: () => pause(below(300)),
    atOnce: () => pause(0),
  }
  const names = Object.keys(steps).concat(
    'create',
    'create',
    'create',
    'rename',
    'rename',
    'wake',
    'later',
    'atOnce',
    'online',
    'resume',
  )

  for (let step = 0; step < STEPS; step += 1) {
    const name = pick(names)
    const index = below(tabs.length)
    trace.push(`${name} ${index}`)
    await steps[name]!(tabs[index]!)
  }
  browser.house.loses = () => false
  for (const { tab } of tabs) tab.wake()
  for (const { client } of tabs) {
    client.outbox.resume()
    client.connection.setMode('auto')
  }
  try {
    await vi.waitFor(
      async () => {
        for (const tab of tabs) await isEmpty(tab)
        for (const id of kept) if (!touched.has(id)) expect([...gateway.notes.keys()]).toContain(id)
      },
      { timeout: 8000 },
    )
    await tabs[0]!.client.sync.pull()
    await agree(tabs, ({ cache }) => {
      const titles = (notes: Iterable<{ id: string; title: string }>) =>
        [...notes].map(({ id, title }) => `${id} ${title}`).sort()
      expect(titles(shown(cache) ?? [])).toEqual(titles(gateway.notes.values()))
    })
    expect(new Set(gateway.applied).size).toBe(gateway.applied.length)
    for (const id of withdrawn) expect([...gateway.notes.keys()]).not.toContain(id)
    expect(orderBroken(gateway.documents, gateway.applied)).toEqual([])
    expect(errors).toEqual([])
    expect(browser.tabs.flatMap(tab => tab.errors)).toEqual([])
    for (const { client } of tabs) await client.close()
    // What a tab had stored as it died, without anybody having been told, goes out now at the latest.
    const last = await browser.open()
    await vi.waitFor(() => isEmpty(last), { timeout: 8000 })
    expect(new Set(gateway.applied).size).toBe(gateway.applied.length)
  } catch (error) {
    const states = tabs.map(
      ({ client, tab }) =>
        `${tab === browser.leader?.tab ? 'LEADER ' : ''}${tab.isAlive} ${client.outbox.paused} ${client.connection.mode} ${client.connection.state} ${client.outbox.entries.length}`,
    )
    throw new Error(`seed ${seed}: ${trace.join(', ')} STATES ${states.join(' | ')}`, { cause: error })
  }
}

/** When what was refused is given up. */
async function isEmpty({ client }: OpenTab): Promise<void> {
  for (const { id, status } of client.outbox.entries)
    if (status === 'rejected' || status === 'parked') await client.outbox.discard(id).catch(() => undefined)
  expect(client.outbox.entries.map(({ name, status }) => `${name} ${status}`)).toEqual([])
}

const noteOf = (variables: Record<string, unknown>): string =>
  String((variables['input'] as { id: string } | undefined)?.id ?? variables['id'])

/** Of the tasks about one note, those that were applied before one with a lower number. */
function orderBroken(documents: readonly LoggedRequest[], applied: readonly string[]): string[] {
  const sent = new Map(
    documents.flatMap(({ tasks }) =>
      tasks.map(({ task, variables }) => [task.id, { sequence: task.sequence!, note: noteOf(variables) }]),
    ),
  )
  const last = new Map<string, number>()
  return applied.filter(id => {
    const { sequence, note } = sent.get(id)!
    const isBroken = sequence < (last.get(note) ?? 0)
    last.set(note, sequence)
    return isBroken
  })
}

const [first = 1, last = first] = SEEDS
test.each(Array.from({ length: last - first + 1 }, (_, index) => first + index))(
  'whatever happens to three tabs, nothing is lost, doubled or out of order (seed %i)',
  play,
)
