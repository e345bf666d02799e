/**
 * Bundles the browser's pages into `dist/`, and only those whose inputs changed:
 *
 *   node --import tsx client/build.ts [--force]
 *
 * `npm start` runs it first and tests call `buildWeb()`; one line a built page, none when all are fresh.
 */
import { createHash } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { pause, systemClock } from 'layover/protocol'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(ROOT, 'dist')
const LOCK = join(DIST, '.building')
const LOCK_RETRY_MS = 200

interface Page {
  /** Folder in `dist/`. */
  name: string
  /** Folder with its `vite.config.ts`. */
  source: string
  /** What else it is made of. */
  inputs: readonly string[]
}

const COMMON = ['protocol', 'package-lock.json', 'tsconfig.json']
const PAGES: readonly Page[] = [
  { name: 'playground', source: 'client/playground', inputs: COMMON },
  { name: 'web', source: 'client/vacation', inputs: ['client', ...COMMON] },
]

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined)
  if (!entries) return [path]
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

/** Changes when any input of the page does. */
async function inputHash(page: Page): Promise<string> {
  const folders = [page.source, ...page.inputs].map(path => join(ROOT, path))
  const files = new Set((await Promise.all(folders.map(filesOf))).flat())
  const hash = createHash('sha256')
  for (const file of [...files].sort()) {
    const name = relative(ROOT, file).split(sep).join('/')
    const ofOtherPage = PAGES.some(other => other !== page && name.startsWith(`${other.source}/`))
    if (!ofOtherPage)
      hash
        .update(name)
        .update('\0')
        .update(await readFile(file))
        .update('\0')
  }
  return hash.digest('hex')
}

/** A test runner has set NODE_ENV, and Vite would then bundle the development builds of React and Apollo. */
async function inProduction<T>(run: () => Promise<T>): Promise<T> {
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    return await run()
  } finally {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  }
}

const stampOf = (page: Page): string => join(DIST, `.${page.name}.inputs`)

const COMPRESSIBLE = /\.(?:js|css|html|svg|webmanifest|ttf)$/
/** Bytes; below it a compressed copy saves nobody anything. */
const WORTH_COMPRESSING = 1024

/** Beside each text its gzip and brotli copies, which the gateway serves to whoever takes them. */
async function compress(folder: string): Promise<void> {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
  for (const path of (await filesOf(folder)).filter(path => COMPRESSIBLE.test(path))) {
    const text = await readFile(path)
    if (text.length < WORTH_COMPRESSING) continue
    await writeFile(`${path}.gz`, await promisify(gzip)(text, { level: 9 }))
    await writeFile(`${path}.br`, await promisify(brotliCompress)(text, quality))
  }
}

async function buildPage(page: Page, force: boolean): Promise<boolean> {
  const hash = await inputHash(page)
  const built = await readFile(stampOf(page), 'utf8').catch(() => '')
  if (built === hash && !force) return false
  const startedAt = systemClock.now()
  // Beside its place and then moved there, so that a gateway that is serving the old one never serves half of the new one.
  const next = join(DIST, `.${page.name}.next`)
  await inProduction(() =>
    build({
      configFile: join(ROOT, page.source, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: next, emptyOutDir: true },
    }),
  )
  await compress(next)
  await rm(join(DIST, page.name), { recursive: true, force: true })
  await rename(next, join(DIST, page.name))
  await writeFile(stampOf(page), hash)
  const seconds = ((systemClock.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`built dist/${page.name} in ${seconds} s\n`)
  return true
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** True when this process now holds the lock. A link is made whole or not at all: the lock is never seen without its holder. */
async function tryLock(): Promise<boolean> {
  const own = `${LOCK}.${process.pid}`
  await writeFile(own, String(process.pid))
  try {
    await link(own, LOCK)
    return true
  } catch {
    return false
  } finally {
    await rm(own, { force: true })
  }
}

/** Several test files and `npm start` may ask at once: one builds, the others wait and then find it fresh. */
async function withLock<T>(run: () => Promise<T>): Promise<T> {
  await mkdir(DIST, { recursive: true })
  while (!(await tryLock())) {
    const holder = Number(await readFile(LOCK, 'utf8').catch(() => ''))
    if (holder > 0 && !isAlive(holder)) await rm(LOCK, { force: true })
    else await pause(systemClock, LOCK_RETRY_MS)
  }
  try {
    return await run()
  } finally {
    await rm(LOCK, { force: true })
  }
}

/** Brings `dist/playground` and `dist/web` up to date. Resolves with the names of the pages that were built; throws what Vite throws. */
export function buildWeb(options: { force?: boolean } = {}): Promise<string[]> {
  return withLock(async () => {
    const names: string[] = []
    for (const page of PAGES) if (await buildPage(page, options.force ?? false)) names.push(page.name)
    return names
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWeb({ force: process.argv.includes('--force') })
