import { describe, expect, it } from 'vitest'
import { type Announcement, nextAnnouncement } from '../../client/vacation/shell/announcement.ts'
import { type Burst, nextBurst, type Sending } from '../../client/vacation/shell/burst.ts'
import { chipText, countsOf, kindOf, type SyncKind } from '../../client/vacation/shell/sync-state.ts'

const flowing = (unsettled: number, underWay: number): Sending => ({ unsettled, underWay, flows: true })
const play = (...moments: Sending[]): (Burst | undefined)[] => {
  let burst: Burst | undefined
  return moments.map(moment => {
    burst = nextBurst(burst, moment)
    return burst
  })
}
const shown = (bursts: (Burst | undefined)[]): (string | undefined)[] =>
  bursts.map(burst => burst && `${burst.done} of ${burst.of}`)

describe('a burst', () => {
  it('counts what settles against what waited when the first left', () => {
    expect(shown(play(flowing(5, 0), flowing(5, 5), flowing(3, 3), flowing(1, 1), flowing(0, 0)))).toEqual([
      undefined,
      '0 of 5',
      '2 of 5',
      '4 of 5',
      undefined,
    ])
  })

  it('grows with what is added meanwhile, and never runs backwards', () => {
    expect(shown(play(flowing(2, 2), flowing(1, 1), flowing(3, 2), flowing(2, 2)))).toEqual([
      '0 of 2',
      '1 of 2',
      '1 of 4',
      '2 of 4',
    ])
  })

  it('goes on between two documents', () => {
    expect(shown(play(flowing(3, 1), flowing(2, 0), flowing(2, 2)))).toEqual(['0 of 3', '1 of 3', '1 of 3'])
  })

  it('ends when nothing may leave any more; what is under way then is still counted', () => {
    const stopped = (unsettled: number, underWay: number): Sending => ({ unsettled, underWay, flows: false })
    expect(shown(play(flowing(4, 2), stopped(3, 1), stopped(2, 0), flowing(2, 2)))).toEqual([
      '0 of 4',
      '1 of 4',
      undefined,
      '0 of 2',
    ])
  })

  it('is the same object as long as nothing of it changes', () => {
    const [first, second] = play(flowing(2, 1), flowing(2, 2))
    expect(second).toBe(first)
  })
})

describe('the chip', () => {
  type Status = Parameters<typeof countsOf>[0][number]['status']
  const text = (
    statuses: Status[],
    state: 'online' | 'offline' | 'unreachable' = 'online',
    seconds?: number,
  ): string => {
    const counts = countsOf(
      statuses.map((status, at) => ({
        id: `${at}`,
        sequence: at,
        name: 'CreateCustomer',
        variables: {},
        status,
        attempts: 0,
        queuedAt: '2027-05-03T10:42:00Z',
        after: [],
      })),
    )
    const burst = nextBurst(undefined, { ...counts, flows: state === 'online' })
    return chipText({ ...counts, kind: kindOf(counts, state, undefined), burst }, seconds)
  }

  it('says that all is saved only when nothing waits and nothing needs a person', () => {
    expect(text([])).toBe('All changes saved')
    for (const status of [
      'queued',
      'blocked',
      'sending',
      'in-doubt',
      'accepted',
      'conflict',
      'rejected',
      'parked',
    ] as const)
      expect(text([status])).not.toContain('saved')
  })

  it('counts what waits where nothing can leave, and what needs a person everywhere', () => {
    expect(text(['queued', 'queued', 'in-doubt'], 'offline')).toBe('Offline, 3 waiting')
    expect(text(['queued'], 'unreachable', 12)).toBe("Can't reach server, retrying in 12 s")
    expect(text(['queued'], 'unreachable', 0)).toBe("Can't reach server, retrying")
    expect(text(['conflict', 'queued'], 'offline')).toBe('Offline, 1 waiting · 1 needs review')
    expect(text(['sending', 'queued', 'rejected'])).toBe('Sending 1 of 2 · 1 failed')
  })
})

describe('what is read aloud', () => {
  const said = (...kinds: SyncKind[]): string[] => {
    let last: Announcement = { kind: 'saved', text: '' }
    return kinds.map(kind => {
      last = nextAnnouncement(last, kind)
      return last.text
    })
  }

  it('is nothing while somebody who is online saves, and that all is saved afterwards', () => {
    expect(said('sending', 'saved')).toEqual(['', 'All changes saved.'])
  })

  it('is once that the page is online again, not at each step of the sending', () => {
    expect(said('offline', 'waiting', 'sending', 'saved')).toEqual([
      'Offline. Changes are saved on this device.',
      'Online.',
      'Online.',
      'All changes saved.',
    ])
  })
})
