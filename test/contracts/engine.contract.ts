/** What every engine promises (server/engine/engine.ts). `start` gives an engine over the same data again and again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import type { Engine, Handle, Run, Work } from '../../server/engine/engine.ts'

export interface EngineUnderTest {
  /** A task of that id, taken and running. */
  take(id: string): Promise<Handle>
  /** Starts an engine on this test's data. */
  start(work: Work): Promise<Engine>
  /** What an operator's command leaves behind, from another process. */
  say(task: Handle, action: 'resume' | 'undo'): void | Promise<void>
  remove(): Promise<void>
}

export function engineContract(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(`the engine contract: ${name}`, () => {
    let subject: EngineUnderTest
    let engine: Engine | undefined
    let parked: string[]
    beforeEach(async () => {
      subject = await make()
      parked = []
    })
    afterEach(async () => {
      await engine?.stop()
      await subject.remove()
    })

    const start = async (walk: (run: Run) => Promise<void>): Promise<void> => {
      engine = await subject.start({
        walk,
        park: async (_, why) => {
          parked.push(why)
        },
        advance: async () => undefined,
      })
    }
    const restart = async (walk: (run: Run) => Promise<void>): Promise<void> => {
      await engine?.stop()
      await start(walk)
    }

    it('a memo is worked once, and its value is the same in every later walk', async () => {
      const task = await subject.take('t')
      const seen: unknown[] = []
      let works = 0
      const walk = async (run: Run): Promise<void> => {
        const value = await run.memo('step', async () => {
          works += 1
          return { works, nothing: null }
        })
        seen.push(value)
      }
      await start(walk)
      engine?.run(task)
      await expect.poll(() => seen.length).toBe(1)
      await restart(walk)
      engine?.run(task)
      await expect
        .poll(() => seen)
        .toEqual([
          { works: 1, nothing: null },
          { works: 1, nothing: null },
        ])
    })

    it('a walk that throws is repeated from its memos', async () => {
      const task = await subject.take('t')
      const calls: string[] = []
      let throws = 2
      await start(async run => {
        await run.memo('first', async () => calls.push('first'))
        calls.push('between')
        throws -= 1
        if (throws >= 0) throw new Error('a stumble')
        await run.memo('second', async () => calls.push('second'))
      })
      engine?.run(task)
      await expect.poll(() => calls).toEqual(['first', 'between', 'between', 'between', 'second'])
    })

    it('a task that is being walked is not walked twice at once', async () => {
      const task = await subject.take('t')
      let walks = 0
      const ends: (() => void)[] = []
      await start(async () => {
        walks += 1
        await new Promise<void>(resolve => ends.push(resolve))
      })
      for (let call = 0; call < 5; call += 1) engine?.run(task)
      await expect.poll(() => ends.length).toBe(1)
      for (const end of ends) end()
      expect(walks).toBe(1)
    })

    it('a sleep lasts as long as it was begun for, whatever restarts lie between', async () => {
      const task = await subject.take('t')
      const begin = systemClock.now()
      let wokeAt = 0
      let falls = 0
      const walk = async (run: Run): Promise<void> => {
        falls += 1
        await run.sleep('rest', 700)
        wokeAt = systemClock.now()
      }
      await start(walk)
      engine?.run(task)
      await expect.poll(() => falls).toBe(1)
      await restart(walk)
      engine?.run(task)
      await expect.poll(() => wokeAt).toBeGreaterThan(0)
      expect(wokeAt - begin).toBeGreaterThanOrEqual(700)
      // Had it begun anew with the second walk, it would have lasted that much longer.
      expect(wokeAt - begin).toBeLessThan(1300)
    })

    it('waiting for a signal parks the task with its reason, across restarts, until an operator resumes it', async () => {
      const task = await subject.take('t')
      const passed: boolean[] = []
      const walk = async (run: Run): Promise<void> => {
        await run.waitSignal('stuck', 'the supplier is away')
        passed.push(run.isToBeUndone)
      }
      await start(walk)
      engine?.run(task)
      await expect.poll(() => parked).toEqual(['the supplier is away'])
      await restart(walk)
      engine?.run(task)
      await expect.poll(() => parked.length).toBe(2)
      await subject.say(task, 'resume')
      await expect.poll(() => passed).toEqual([false])
      await restart(walk)
      engine?.run(task)
      await expect.poll(() => passed).toEqual([false, false])
    })

    it('an undo is known to this walk and to every later one', async () => {
      const task = await subject.take('t')
      const seen: [boolean, boolean][] = []
      const walk = async (run: Run): Promise<void> => {
        const before = run.isToBeUndone
        await run.waitSignal('stuck', 'nobody knows')
        seen.push([before, run.isToBeUndone])
      }
      await start(walk)
      engine?.run(task)
      await expect.poll(() => parked.length).toBe(1)
      await subject.say(task, 'undo')
      await expect.poll(() => seen.length).toBe(1)
      await restart(walk)
      engine?.run(task)
      await expect.poll(() => seen.at(-1)).toEqual([true, true])
    })

    it('stops by aborting what runs, and resolves when it has left', async () => {
      const task = await subject.take('t')
      let left = false
      let began = false
      await start(async run => {
        began = true
        await new Promise<void>(resolve => run.signal.addEventListener('abort', () => resolve(), { once: true }))
        left = true
      })
      engine?.run(task)
      await expect.poll(() => began).toBe(true)
      await engine?.stop()
      expect(left).toBe(true)
    })
  })
}
