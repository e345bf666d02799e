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
const ON_DEMAND: Readonly<Record<string, string>> = {}

const read = (file: string): string => readFileSync(`${FOLDER}/${file}`, 'utf8')
const imported = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(match => match[1] ?? '')

/** Files of ours that the client loads on demand, from wherever in it. */
function onDemand(): string[] {
  const found = new Set<string>()
  const open = ['client.js']
  const seen = new Set(open)
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    const text = read(file)
    const dynamic = imported(text, /\bimport\("\.\/([\w.-]+\.js)"\)/g)
    for (const each of dynamic) found.add(each)
    for (const each of [...dynamic, ...imported(text, /\bfrom "\.\/([\w.-]+\.js)"/g)]) {
      if (!seen.has(each)) open.push(each)
      seen.add(each)
    }
  }
  return [...found]
}

/** @param own leaves out what the file shares with others, too */
function measured(name: string, file: string, limit: string, own: boolean): SizeLimitConfig[number] {
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
              kind === 'dynamic-import' || (own && kind !== 'entry-point') ? { path, external: true } : undefined,
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

const isBuilt = readdirSync('.').includes('dist') && readdirSync(FOLDER).includes('client.js')
if (!isBuilt) throw new Error('Nothing to measure: npm run build')

export default [
  measured('layover/client', 'client.js', '20 kB', false),
  ...onDemand().map(file => measured(`layover/client, on demand: ${file}`, file, limitOf(file), true)),
] satisfies SizeLimitConfig
