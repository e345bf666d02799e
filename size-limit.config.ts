/**
 * What an application downloads for the client, minified and gzipped: the entry with all that it imports at once, and beside it
 * each part that is loaded on demand. `npm run size` builds and checks; the same is a test.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { SizeLimitConfig } from 'size-limit'

const FOLDER = 'dist/package'
/** What the application has of its own, or would load anyway. */
const PEERS = ['@apollo/client', 'graphql', 'graphql-ws', 'localforage', 'react', 'rxjs'].flatMap(name => [
  name,
  `${name}/*`,
])

/** By name of the chunk, without its hash. */
const ON_DEMAND: Readonly<Record<string, string>> = {
  rooms: '32 kB',
  tabs: '3 kB',
  sharing: '4 kB',
  'driver-database': '2 kB',
  encryption: '2 kB',
}

const read = (file: string): string => readFileSync(`${FOLDER}/${file}`, 'utf8')
const imported = (file: string, pattern: RegExp): string[] =>
  [...read(file).matchAll(pattern)].map(match => match[1] ?? '')
const staticallyBy = (file: string): string[] => imported(file, /\bfrom "\.\/([\w.-]+\.js)"/g)
const onDemandBy = (file: string): string[] => imported(file, /\bimport\("\.\/([\w.-]+\.js)"\)/g)

/** The files and all that `next` finds in them, and in those. */
function closure(files: readonly string[], next: (file: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set(files)
  for (const file of found) for (const each of next(file)) found.add(each)
  return found
}

const isBuilt = readdirSync('.').includes('dist') && readdirSync(FOLDER).includes('client.js')
if (!isBuilt) throw new Error('Nothing to measure: npm run build')

/** What the entry loads at once. */
const atOnce = closure(['client.js'], staticallyBy)
const onDemand = [...closure(['client.js'], file => [...staticallyBy(file), ...onDemandBy(file)])]
  .filter(file => !atOnce.has(file))
  .filter((file, _index, files) => [...atOnce, ...files].some(from => onDemandBy(from).includes(file)))

/** @param present files that are there already when this one is loaded */
function measured(name: string, file: string, limit: string, present: ReadonlySet<string>): SizeLimitConfig[number] {
  return {
    name,
    path: `${FOLDER}/${file}`,
    limit,
    gzip: true,
    ignore: PEERS,
    modifyEsbuildConfig: config => ({
      ...config,
      format: 'esm',
      target: 'es2022',
      plugins: [
        {
          name: 'not loaded with it',
          setup(build: {
            onResolve(
              options: { filter: RegExp },
              resolve: (args: { path: string; kind: string }) => object | undefined,
            ): void
          }) {
            build.onResolve({ filter: /^\.\// }, ({ path, kind }) =>
              kind === 'dynamic-import' || present.has(path.slice('./'.length)) ? { path, external: true } : undefined,
            )
          },
        },
      ],
    }),
  }
}

function limitOf(file: string): string {
  const limit = ON_DEMAND[file.replace(/-[\w-]{8}\.js$/, '')]
  if (limit === undefined) throw new Error(`${file} is loaded on demand: give it a limit in size-limit.config.ts`)
  return limit
}

export default [
  measured('layover/client', 'client.js', '20 kB', new Set()),
  ...onDemand.map(file => measured(`on demand: ${file}`, file, limitOf(file), atOnce)),
] satisfies SizeLimitConfig
