/** Defects measured in peers, as sentences about us: what is written to a real IndexedDB, and what happens when it will not take it. */
import { expect, test } from 'vitest'
import { made, noteIds, raiseLab } from '../lab/stage.ts'

const stage = raiseLab()

const goOnline = (): void => window.lab.client.connection.setMode('auto')
const isEmpty = (): boolean => window.lab.entries().length === 0
/** What is to be stored leaves at once. */
const hide = (): unknown => window.dispatchEvent(new Event('pagehide'))

test('a change of one entity writes one record; signing out leaves nothing behind', async () => {
  const { gateway, lab } = stage
  for (const id of noteIds('many', 1000)) gateway.write({ id, title: `note ${id}`, body: 'x'.repeat(200) })
  const page = await lab.open({ name: 'one' })
  await page.waitForFunction(() => window.lab.shown().length === 1000)
  await page.evaluate(hide)
  await page.waitForFunction(async () => JSON.stringify(await window.lab.stored()).includes('many-0999'))
  const whole = await page.evaluate(async () =>
    (await window.lab.stored()).reduce((sum, { text }) => sum + text.length, 0),
  )

  await page.evaluate(() => window.lab.noteWrites())
  gateway.write({ id: 'many-0500', title: 'changed by somebody' })
  await page.evaluate(() => window.lab.client.sync.pull())
  await page.evaluate(hide)
  await page.waitForFunction(async () => JSON.stringify(await window.lab.stored()).includes('changed by somebody'))
  const writes = await page.evaluate(() => window.lab.writes())
  const records = writes.filter(({ size }) => size > 1000)
  // Its own, among its neighbours; beside it only where sync stands.
  expect(records).toHaveLength(1)
  expect(writes.length).toBeLessThanOrEqual(4)
  expect(writes.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(whole / 4)

  await page.evaluate(goOnline)
  await page.evaluate(() => window.lab.client.connection.setMode('offline'))
  await page.evaluate(() => window.lab.create('one-0001'))
  await page.evaluate(() => window.lab.client.signOut({ pending: 'discard' }))
  const left = await page.evaluate(() => window.lab.stored())
  expect(left.filter(({ database }) => database.includes('one'))).toEqual([])
})

test('without room a task is refused and not shown, what waits stays, and all goes on when there is room', async () => {
  const { gateway, lab } = stage
  const before = await lab.open({ name: 'quota', offline: true })
  for (const id of noteIds('quota', 3)) await before.evaluate(each => window.lab.create(each), id)
  // Chromium remembers for half a minute how much room it saw.
  await lab.restart()
  const page = await lab.page()
  await lab.setQuota(page, 1)
  await page.evaluate(() => window.lab.open({ name: 'quota' }))
  await expect(page.evaluate(() => window.lab.create('quota-full'))).rejects.toThrow('STORAGE_FAILED')
  expect(await page.evaluate(() => window.lab.entries().map(({ note }) => note))).toEqual(noteIds('quota', 3))
  expect(await page.evaluate(() => window.lab.shown())).toEqual(noteIds('quota', 3))

  // The gateway answers, and neither its records nor its verdicts find room: that is said, and stops nothing.
  await page.evaluate(goOnline)
  await page.waitForFunction(isEmpty)
  expect(made(gateway, 'quota')).toEqual(noteIds('quota', 3))
  await page.waitForFunction(() => window.lab.errors().some(({ code }) => code === 'STORAGE_FAILED'))
  await lab.setQuota(page, undefined)
  await page.evaluate(() => window.lab.create('quota-room'))
  await page.waitForFunction(isEmpty)
  await page.evaluate(() => window.lab.client.close())
  await page.close()

  const again = await lab.open({ name: 'quota' })
  await again.waitForFunction(isEmpty)
  await again.waitForFunction(() => window.lab.shown().includes('quota-room'))
  expect(made(gateway, 'quota')).toEqual([...noteIds('quota', 3), 'quota-room'])
  expect(new Set(gateway.applied).size).toBe(gateway.applied.length)
})

test('where the browser refuses IndexedDB, opening says so, and the memory will do instead', async () => {
  const page = await stage.lab.page()
  await page.evaluate(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('The user denied permission to access the database.', 'SecurityError')
    }
  })
  await expect(page.evaluate(() => window.lab.open({ name: 'blocked' }))).rejects.toThrow(/STORAGE_FAILED: .*`storage`/)
  await page.evaluate(() => window.lab.open({ name: 'blocked', inMemory: true }))
  expect(await page.evaluate(() => window.lab.create('blocked-0001'))).toBe('confirmed')
  expect(made(stage.gateway, 'blocked')).toEqual(['blocked-0001'])
})
