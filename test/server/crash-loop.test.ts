/** A task that takes the whole process down is found out, because its walks are counted before they begin. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { programOf } from '../support/programs.ts'
import { temporaryDirectory } from '../support/world.ts'

/** Lines it said until it ended or said `rests`. */
async function runOnce(file: string, deadly?: string): Promise<string[]> {
  const gateway: ChildProcess = spawn(
    process.execPath,
    [programOf('deadly-gateway'), file, ...(deadly === undefined ? [] : [deadly])],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = once(gateway, 'exit')
  const said: string[] = []
  for await (const line of createInterface({ input: gateway.stdout! })) {
    said.push(line)
    if (line.startsWith('rests')) gateway.kill('SIGTERM')
  }
  await exited
  return said
}

/** How often it died before it came to rest, and what it said then. */
async function deathsOf(deadly: string): Promise<{ deaths: number; rest: string[] | undefined }> {
  const directory = temporaryDirectory()
  const file = join(directory.path, 'notes.db')
  const starts: string[][] = [await runOnce(file, deadly)]
  while (starts.length < 30 && !starts.at(-1)?.some(line => line.startsWith('rests'))) starts.push(await runOnce(file))
  directory.remove()
  return { deaths: starts.filter(said => said.includes('dies')).length, rest: starts.at(-1) }
}

it('a task that kills its gateway is parked after some starts, and those that were merely there are finished', async () => {
  const { deaths, rest } = await deathsOf('deadly')
  process.stdout.write(`crash loop: the task was found out after ${deaths} deaths\n`)
  expect(deaths).toBeGreaterThan(3)
  expect(rest).toEqual(['rests PARKED CONFIRMED CONFIRMED CONFIRMED CONFIRMED CONFIRMED'])
}, 120_000)

it('one that waited and kills its gateway when its turn comes is found out, too', async () => {
  const { deaths, rest } = await deathsOf('deadlyTurn')
  expect(deaths).toBeGreaterThan(3)
  expect(rest).toEqual(['rests PARKED CONFIRMED CONFIRMED CONFIRMED CONFIRMED CONFIRMED'])
}, 120_000)
