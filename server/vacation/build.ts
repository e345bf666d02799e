/**
 * The gateway, the outside and the command as plain JavaScript in `dist/gateway/`, to run without a compiler, and a
 * `package.json` that names the packages they still import, for an image that holds nothing else. All others are part of it:
 * a thousand small files less to find and read, so that it starts in half the time.
 *
 *   node --import tsx server/vacation/build.ts
 *
 * Part of `npm run build:app`, and run before the tests.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDER = 'dist/gateway'
/** Native code, and what looks for its own files. */
const PACKAGES = ['better-sqlite3', '@dbos-inc/dbos-sdk', 'pg']

/** Files of it are as deep below the root as their sources, for their paths to the built pages. Throws what Vite throws. */
export async function bundleGateway(): Promise<void> {
  const packages = await bundle(FOLDER, {
    main: 'server/vacation/main.ts',
    outside: 'server/vacation/outside-main.ts',
    layover: 'server/command/main.ts',
  })
  writeFileSync(join(ROOT, FOLDER, 'package.json'), `${JSON.stringify(manifest(packages), undefined, 2)}\n`)
}

/** Each program by its name, from a source below the root, with what they share. Returns the packages that they still import. */
export async function bundle(folder: string, programs: Readonly<Record<string, string>>): Promise<string[]> {
  const built = await build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    resolve: { tsconfigPaths: true },
    ssr: { noExternal: true, external: PACKAGES },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: {
        input: { ...programs },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
  const chunks = [built].flat().flatMap(each => ('output' in each ? each.output : []))
  const imported = chunks.flatMap(chunk => (chunk.type === 'chunk' ? [...chunk.imports, ...chunk.dynamicImports] : []))
  const files = new Set(chunks.map(({ fileName }) => fileName))
  return imported.filter(name => !isBuiltin(name) && !files.has(name)).map(packageOf)
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** With the versions of the checkout. Throws where an import is not among them. */
function manifest(packages: readonly string[]): object {
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, string>>
  const versions = { ...own['devDependencies'], ...own['dependencies'] }
  const dependencies = Object.fromEntries(
    [...new Set(packages)].sort().map(name => {
      const version = versions[name]
      if (version === undefined)
        throw new Error(`${name} is imported by the gateway, but package.json does not name it`)
      return [name, version]
    }),
  )
  return { name: 'layover-gateway', version: own['version'], private: true, type: 'module', dependencies }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleGateway()
