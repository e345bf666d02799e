/** The package as its users get it: built, and opened through its doors by Node itself. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)
const { bin, exports, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, { types: string; default: string } | string>
  bin: { layover: string }
  version: string
}
const doors = Object.keys(exports).filter(door => door !== './package.json')

beforeAll(() => run('npx', ['tsdown'], { cwd: root }), 120_000)

it.each(doors)('the door %s opens, with types', async door => {
  const name = door.replace('./', 'layover/')
  const script = `import(${JSON.stringify(name)}).then(door => console.log(Object.keys(door).length))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root })
  expect(Number(stdout)).toBeGreaterThan(0)
  const target = exports[door]
  expect(readFileSync(join(root, typeof target === 'object' ? target.types : ''), 'utf8')).toContain('export')
})

it('the client asks for nothing that no user could install beside Apollo Client 4', () => {
  const client = readFileSync(join(root, 'dist/package/client.js'), 'utf8')
  expect(client).not.toMatch(/from ["'](apollo3-cache-persist|localforage)["']/)
})

it('the client costs a page no more than 20 kB, and what it loads on demand no more than it may', async () => {
  await run('npx', ['size-limit', '--config', 'size-limit.config.ts'], { cwd: root }).catch(({ stdout }) => {
    throw new Error(stdout)
  })
})

it('the command runs as installed, and needs no option to say what it is', async () => {
  const { stdout } = await run(join(root, bin.layover), ['--version'], { cwd: tmpdir() })
  expect(stdout).toBe(`${version}\n`)
  await expect(run(join(root, bin.layover), ['inspect'], { cwd: tmpdir() })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no store at .layover/layover.db'),
  })
})

it('publint finds nothing wrong', async () => {
  const { stdout } = await run('npx', ['publint', '--strict'], { cwd: root })
  expect(stdout).toContain('All good')
})
