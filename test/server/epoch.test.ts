/** A store that was put back from a copy gives its numbers again: devices that knew them start anew. */
import { fork } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backupSqlite } from '../../server/store/sqlite.ts'
import { Device } from '../support/device.ts'
import { agent, newCustomer, startWorld, type World } from '../support/world.ts'

let world: World
let file: string
let copy: string
const me = agent('agent-a')

beforeEach(async () => {
  world = await startWorld()
  file = join(world.directory, 'layover.db')
  copy = join(world.directory, 'copy.db')
})
afterEach(() => world.close())

const device = (): Device => new Device(world.ask, me, [{ type: 'Customer' }])

async function write(count: number, name: string): Promise<void> {
  for (let made = 0; made < count; made += 1) await newCustomer(world, me, { name })
}

/** Stops the gateway, does something to its files and starts it again. */
async function meanwhile(work: () => void): Promise<void> {
  await world.served.stop()
  work()
  // `restart` stops it once more, which does nothing.
  await world.restart()
}

const forgetJournal = (): void => {
  for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
}

/** Other things up to the numbers that the device knows, and what it makes of them. */
async function afterRestore(phone: Device): Promise<void> {
  await write(4, 'another history')
  expect((await phone.page()).reset).toBe(true)
  await phone.pull()
  expect(phone.holds()).toEqual(await phone.anew())
  expect(phone.holds()).toContainEqual(expect.objectContaining({ name: 'another history' }))
  expect(phone.holds()).not.toContainEqual(expect.objectContaining({ name: 'lost' }))
}

describe('a restored store', () => {
  it('from a backup of the running gateway is another history', async () => {
    await write(2, 'kept')
    await backupSqlite(file, copy)
    await write(4, 'lost')
    const phone = await device().pull()
    await meanwhile(() => {
      forgetJournal()
      renameSync(copy, file)
    })
    await afterRestore(phone)
  })

  it('from a backup that is written into the old file is another history', async () => {
    await write(2, 'kept')
    await backupSqlite(file, copy)
    await write(4, 'lost')
    const phone = await device().pull()
    await meanwhile(() => {
      forgetJournal()
      writeFileSync(file, readFileSync(copy))
    })
    await afterRestore(phone)
  })

  it('from a plain copy of the stopped store is another history, also when it is written into the same file', async () => {
    await write(2, 'kept')
    await meanwhile(() => copyFileSync(file, copy))
    await write(4, 'lost')
    const phone = await device().pull()
    await meanwhile(() => {
      forgetJournal()
      writeFileSync(file, readFileSync(copy))
    })
    await afterRestore(phone)
  })

  it('together with its lock file is another history', async () => {
    await write(2, 'kept')
    await meanwhile(() => {
      copyFileSync(file, copy)
      copyFileSync(`${file}.lock`, `${copy}.lock`)
    })
    await write(4, 'lost')
    const phone = await device().pull()
    await meanwhile(() => {
      forgetJournal()
      rmSync(`${file}.lock`)
      renameSync(copy, file)
      renameSync(`${copy}.lock`, `${file}.lock`)
    })
    await afterRestore(phone)
  })
})

describe('a store that was not restored', () => {
  it('goes on with its history after a stop, and after a copy was taken from it', async () => {
    await write(2, 'kept')
    const phone = await device().pull()
    await meanwhile(() => copyFileSync(file, copy))
    await backupSqlite(file, join(world.directory, 'second.db'))
    await write(1, 'later')
    expect(await phone.page()).toMatchObject({ reset: false, changed: [{ name: 'later' }] })
    await world.restart()
    expect(await phone.page()).toMatchObject({ reset: false, changed: [], removed: [] })
  })
})

describe('a backup', () => {
  it('holds one moment, whatever is written while it is made, and opens by itself', async () => {
    await write(20, 'before')
    let writing = true
    const busy = (async () => {
      while (writing) await write(1, 'meanwhile')
    })()
    await backupSqlite(file, copy)
    writing = false
    await busy
    expect(readdirSync(world.directory).filter(name => name.startsWith('copy.db'))).toEqual(['copy.db'])
    await meanwhile(() => {
      forgetJournal()
      renameSync(copy, file)
    })
    const phone = await device().pull()
    expect(phone.holds().filter(record => (record as { name: string }).name === 'before')).toHaveLength(20)
  })

  it('can be made by another process', async () => {
    await write(3, 'kept')
    const code = `import { backupSqlite } from ${JSON.stringify(join(import.meta.dirname, '../../server/store/sqlite.ts'))}
await backupSqlite(${JSON.stringify(file)}, ${JSON.stringify(copy)})`
    const script = join(world.directory, 'backup.mts')
    writeFileSync(script, code)
    const child = fork(script, { execArgv: ['--import', import.meta.resolve('tsx')] })
    expect(await new Promise(resolve => child.once('exit', resolve))).toBe(0)
    await meanwhile(() => {
      forgetJournal()
      renameSync(copy, file)
    })
    expect((await device().pull()).ids('Customer').length).toBeGreaterThanOrEqual(3)
  })

  it('never overwrites a file', async () => {
    writeFileSync(copy, 'a letter')
    await expect(backupSqlite(file, copy)).rejects.toMatchObject({ code: 'BACKUP_EXISTS' })
    expect(readFileSync(copy, 'utf8')).toBe('a letter')
  })

  it('of what is no store leaves nothing', async () => {
    const letter = join(world.directory, 'letter')
    writeFileSync(letter, 'dear customer, '.repeat(100))
    await expect(backupSqlite(letter, copy)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(backupSqlite(join(world.directory, 'nothing'), copy)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    await expect(backupSqlite(file, join(world.directory, 'no-folder', 'copy.db'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    expect(existsSync(copy)).toBe(false)
  })
})
