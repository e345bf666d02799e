/** A process that stood still looks before it does anything outside: its tasks may have gone on elsewhere. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock, systemRandom } from '../../protocol/index.ts'
import { Walks } from '../../server/engine/walks.ts'
import { silentLog } from '../../server/log.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { takeRunning } from '../contracts/engine.contract.ts'
import { temporaryDirectory } from '../support/world.ts'

it.each([
  [true, ['before', 'outside']],
  [false, ['before']],
])('whose heartbeat was heard all the time: %s; it calls %o', async (isSteady, called) => {
  const directory = temporaryDirectory()
  const store = sqlite(join(directory.path, 'layover.db'))
  await store.open()
  const setting = { store, clock: systemClock, random: systemRandom, log: silentLog }
  const walks = new Walks({ ...setting, isSteady: () => isSteady })
  const task = await takeRunning(store, 't')
  const calls: string[] = []
  const work = {
    async walk(run: Parameters<Parameters<Walks['walk']>[1]['walk']>[0]) {
      await run.memo('before', async () => calls.push('before'))
      await store.write(task.partition, unit => unit.setWalker(task.reference, 'another walk'))
      await run.memo('outside', async () => calls.push('outside'))
    },
    park: async () => undefined,
    advance: async () => undefined,
  }
  expect(await walks.walk(task, work, { token: 'this walk', isFirst: true })).toBe('lost')
  expect(calls).toEqual(called)
  expect(await store.view.memo(task.reference, 'outside')).toBeUndefined()
  await store.close()
  directory.remove()
})
