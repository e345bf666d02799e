/** The gateway's copy of the offers is read anew for as long as it runs, whatever fails in between. */
import { expect, it, vi } from 'vitest'
import type { Clock } from '../../protocol/index.ts'
import type { Gateway } from '../../server/index.ts'
import { refreshOffers } from '../../server/vacation/offers.ts'
import type { Supplier } from '../../server/vacation/suppliers/suppliers.ts'

const quiet = (): void => undefined
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

it('goes on after a round that could not be stored, and ends when it is stopped', async () => {
  const due: (() => void)[] = []
  const clock: Clock = {
    now: () => 0,
    after: (_, run) => {
      due.push(run)
      return () => void due.splice(due.indexOf(run), 1)
    },
  }
  const importRecords = vi.fn(async () => 0)
  const supplier = { offers: async () => [] } as unknown as Supplier
  const offers = await refreshOffers({
    gateway: { importRecords } as unknown as Gateway,
    suppliers: { hotel: supplier, flight: supplier, car: supplier },
    clock,
    everyMs: 1,
    log,
  })
  expect(importRecords).toHaveBeenCalledTimes(3)
  importRecords.mockRejectedValueOnce(new Error('the disk is full'))
  due.shift()?.()
  await vi.waitFor(() => expect(due).toHaveLength(1))
  const before = importRecords.mock.calls.length
  due.shift()?.()
  await vi.waitFor(() => expect(due).toHaveLength(1))
  expect(importRecords.mock.calls.length).toBe(before + 3)
  await offers.stop()
  expect(due).toEqual([])
})
