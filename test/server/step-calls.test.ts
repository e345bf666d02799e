/** A call to the outside leaves nothing behind, however it ends. */
import { expect, it, onTestFinished } from 'vitest'
import { confirmed, defineTask, done } from '../../server/index.ts'
import { startSmallGateway } from '../support/small-gateway.ts'

it('a step that throws before it returns a promise fails its task, and the gateway stops in good order afterwards', async () => {
  const unhandled: unknown[] = []
  const hear = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', hear)
  onTestFinished(() => void process.off('unhandledRejection', hear))
  const rash = defineTask<{ id: string }, null>('rash', {
    touches: () => [],
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: [
      {
        name: 'throw',
        attempts: 1,
        run: () => {
          throw new Error('no promise')
        },
      },
    ],
    settle: async () => confirmed({}),
  })
  const small = await startSmallGateway([rash])
  await small.ask('mutation { rash(task: { id: "r" }, id: "n") { task { id } } }')
  await expect.poll(() => small.status('r')).toBe('REJECTED')
  await small.close()
  // Node tells of such rejections between two turns of the event loop.
  for (let turn = 0; turn < 3; turn += 1) await new Promise(resolve => setImmediate(resolve))
  expect(unhandled).toEqual([])
})

it('a call that is over no longer listens for the end of the gateway', async () => {
  const signals: AbortSignal[] = []
  const quick = defineTask<{ id: string }, null>('quick', {
    touches: () => [],
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: [
      {
        name: 'call',
        run: async (_, { signal }) => {
          signals.push(signal)
          return done(null)
        },
      },
    ],
    settle: async () => confirmed({}),
  })
  const small = await startSmallGateway([quick])
  await small.ask('mutation { quick(task: { id: "q" }, id: "n") { task { id } } }')
  await expect.poll(() => small.status('q')).toBe('CONFIRMED')
  await small.close()
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
})
