import { describe, expect, test, vi } from 'vitest'
import { CHANGES, fixedRandom, ManualClock, openNotes, startGateway } from './notes-app.ts'

const HOUR_MS = 60 * 60_000

async function openAt(clock: ManualClock, freshness?: object) {
  const gateway = await startGateway()
  gateway.write({ id: 'n1', title: 'one' })
  const opened = await openNotes(gateway, {
    clock,
    random: fixedRandom,
    sync: { document: CHANGES, everyMs: 1000 * HOUR_MS, scopes: [{ type: 'Note' }], ...(freshness && { freshness }) },
  })
  return { ...opened, gateway }
}

describe('freshness', () => {
  test('is never, then fresh, stale and hard-stale by time alone', async () => {
    const clock = new ManualClock()
    const { client } = await openAt(clock)
    expect(client.sync.freshness()).toEqual({ lastSyncedAt: null, state: 'never' })
    await vi.waitFor(() => expect(client.sync.freshness('Note').state).toBe('fresh'))
    expect(client.sync.freshness('Note').lastSyncedAt).toEqual(client.sync.lastSyncedAt)
    clock.advance(5 * 60_000 - 1)
    expect(client.sync.freshness('Note').state).toBe('fresh')
    clock.advance(1)
    expect(client.sync.freshness('Note').state).toBe('stale')
    clock.advance(24 * HOUR_MS)
    expect(client.sync.freshness().state).toBe('hard-stale')
    await client.sync.pull()
    expect(client.sync.freshness().state).toBe('fresh')
  })

  test('of a type that no scope asks for is never', async () => {
    const { client } = await openAt(new ManualClock())
    await client.sync.pull()
    expect(client.sync.freshness('Photo')).toEqual({ lastSyncedAt: null, state: 'never' })
    expect(client.sync.freshness('Note').state).toBe('fresh')
  })

  test('has limits of its own for a type', async () => {
    const clock = new ManualClock()
    const { client } = await openAt(clock, { staleAfterMs: 100, types: { Note: { hardStaleAfterMs: 200 } } })
    await client.sync.pull()
    clock.advance(200)
    expect(client.sync.freshness('Note').state).toBe('hard-stale')
    expect(client.sync.freshness().state).toBe('stale')
  })

  test('is the same object until something changes', async () => {
    const clock = new ManualClock()
    const { client } = await openAt(clock)
    await client.sync.pull()
    const before = client.sync.freshness('Note')
    clock.advance(1000)
    expect(client.sync.freshness('Note')).toBe(before)
    await client.sync.pull()
    expect(client.sync.freshness('Note')).not.toBe(before)
  })

  test('tells listeners at each threshold, and sets no timer while nobody listens', async () => {
    const clock = new ManualClock()
    const { client } = await openAt(clock, { staleAfterMs: 1000, hardStaleAfterMs: 2000 })
    await client.sync.pull()
    const isForThreshold = (wait: number): boolean => wait === 1000 || wait === 2000
    expect(clock.waits.filter(isForThreshold)).toEqual([])
    const seen: string[] = []
    const end = client.sync.subscribe(() => seen.push(client.sync.freshness().state))
    const endOther = client.sync.subscribe(() => undefined)
    expect(clock.waits.filter(isForThreshold)).toEqual([1000])
    clock.advance(1000)
    expect(seen).toEqual(['stale'])
    clock.advance(1000)
    expect(seen).toEqual(['stale', 'hard-stale'])
    await client.sync.pull()
    expect(seen.at(-1)).toBe('fresh')
    end()
    end()
    expect(clock.waits.filter(isForThreshold)).toEqual([1000])
    endOther()
    expect(clock.waits.filter(isForThreshold)).toEqual([])
  })

  test('limits that contradict each other are refused with the field’s name', async () => {
    const gateway = await startGateway()
    await expect(
      openNotes(gateway, { sync: { document: CHANGES, freshness: { types: { Note: { hardStaleAfterMs: 1 } } } } }),
    ).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining('types.Note') })
  })
})
