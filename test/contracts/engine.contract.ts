/** What every engine promises (server/engine/engine.ts). `start` gives an engine over the same data again and again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { type Engine, type Run, WalkLost, type Work } from '../../server/engine/engine.ts'
import type { Store, StoredTask } from '../../server/store/store.ts'

export interface EngineUnderTest {
  readonly store: Store
  /** A task of that id, taken and running. */
  take(id: string): Promise<StoredTask>
  /** Starts an engine on this test's data. */
  start(work: Work): Promise<Engine>
  /** What an operator's command leaves behind, from another process. */
  say(task: StoredTask, action: 'resume' | 'undo'): void | Promise<void>
  remove(): Promise<void>
}

/** A task as the gateway takes one with steps. */
export const takeRunning = (store: Store, id: string): Promise<StoredTask> =>
  store.write('tenant:north', unit =>
    unit.takeTask({
      partition: 'tenant:north',
      user: 'ann',
      id,
      name: 'doThing',
      definitionVersion: 1,
      inputHash: 'h',
      args: {},
      viewer: { user: 'ann', tenant: 'north', roles: [] },
      client: null,
      sequence: null,
      after: [],
      token: null,
      touches: [],
      status: 'RUNNING',
      state: 'running',
      payload: {},
      contested: null,
      takenAt: systemClock.now(),
    }),
  )

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

    it('effect and record are one commit: a walk finds both or neither', async () => {
      const task = await subject.take('t')
      const key = `${task.user}/${task.id}`
      const seen: unknown[] = []
      let throws = 1
      const walk = async (run: Run): Promise<void> => {
        const value = await run.record('settle', async unit => {
          const before = await unit.task(task)
          await unit.changeTask(task, { finishedAt: (before?.finishedAt ?? 0) + 1 })
          throws -= 1
          if (throws >= 0) throw new Error('a stumble after the effect')
          return { key }
        })
        seen.push(value, (await subject.store.view.task(task))?.finishedAt)
      }
      await start(walk)
      engine?.run(task)
      await expect.poll(() => seen).toEqual([{ key }, 1])
      await restart(walk)
      engine?.run(task)
      await expect.poll(() => seen).toEqual([{ key }, 1, { key }, 1])
    })

    it('a walk whose task another one has claimed since writes nothing, and leaves without a word', async () => {
      const task = await subject.take('t')
      const failures: unknown[] = []
      const calls: string[] = []
      const later: Run[] = []
      await start(async run => {
        await run.memo('first', async () => calls.push('first'))
        later.push(run)
        await subject.store.write(task.partition, unit => unit.setWalker(task.reference, 'another walk'))
        for (const attempt of [
          () => run.write(unit => unit.changeTask(task, { finishedAt: 1 })),
          () => run.record('second', unit => unit.changeTask(task, { finishedAt: 2 })),
          () => run.memo('third', async () => 3),
          () => run.waitSignal('fourth', 'nobody knows'),
        ])
          await attempt().catch(error => failures.push(error))
        calls.push('end')
        throw failures[0]
      })
      engine?.run(task)
      await expect.poll(() => calls).toEqual(['first', 'end'])
      expect(failures.map(error => error instanceof WalkLost)).toEqual([true, true, true, true])
      const { view } = subject.store
      expect((await view.task(task))?.finishedAt).toBeNull()
      for (const key of ['second', 'third', 'fourth']) expect(await view.memo(task.reference, key)).toBeUndefined()
      expect(await view.walker(task.reference)).toBe('another walk')
      await engine?.stop()
      // Neither repeated, nor held against the task.
      expect(later.length).toBe(1)
      expect(await view.stumbles(task.reference)).toBe(0)
      expect(parked).toEqual([])
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
      let fellAt = 0
      let falls = 0
      const walk = async (run: Run): Promise<void> => {
        falls += 1
        fellAt = systemClock.now()
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
      // It did not begin anew with the second walk.
      expect(wokeAt - fellAt).toBeLessThan(700)
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
