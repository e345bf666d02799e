/** Progress is gathered: a store that many share is not written to for what nobody can see. */
import { expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { confirmed, defineTask, done } from '../../server/index.ts'
import { gate, startSmallGateway } from '../support/small-gateway.ts'

type Args = { id: string }

it('steps that are over at once are first seen with the outcome, one that lasts is seen while it runs', async () => {
  const held = gate()
  const task = defineTask<Args, null>('six', {
    touches: () => [],
    prepare: async () => ({ kind: 'plan', plan: null }),
    steps: ['a', 'b', 'c', 'd', 'e'].map(name => ({
      name,
      run: async () => {
        if (name === 'e') await held.opened
        return done(null)
      },
    })),
    settle: async () => confirmed({}),
  })
  const small = await startSmallGateway([task])
  const from = systemClock.now()
  await small.ask('mutation { six(task: { id: "t" }, id: "n") { task { id } } }')
  const shown = async (): Promise<{ version: number; status: string; steps: { status: string }[] }> =>
    (await small.ask('{ task(id: "t") { version status steps { status } } }')).task
  const all = (...statuses: string[]): object[] => statuses.map(status => ({ status }))
  await expect.poll(shown).toMatchObject({ status: 'RUNNING', steps: all('DONE', 'DONE', 'DONE', 'DONE', 'RUNNING') })
  held.open()
  await expect.poll(shown).toMatchObject({ status: 'CONFIRMED', steps: all('DONE', 'DONE', 'DONE', 'DONE', 'DONE') })
  // Taken and confirmed, and one in a tenth of a second between them: not one each for the beginning of every step.
  const { version } = await shown()
  expect(version).toBeLessThanOrEqual(2 + Math.ceil((systemClock.now() - from) / 100))
  await small.close()
})
