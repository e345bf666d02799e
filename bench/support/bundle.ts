/** Processes of the benches as plain JavaScript in `dist/bench/`: they are measured as they ship, without a compiler. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../server/vacation/build.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDER = 'dist/bench'

/** Modules in this folder that end with `serveCommands`. */
const CHILDREN = ['gateway-child', 'load', 'postgres-gateway', 'raw-dbos', 'raw-inserts', 'subscribers-child'] as const

export type ChildName = (typeof CHILDREN)[number]

let bundled: Promise<unknown> | undefined

/** Its file. Whoever asks first has all of them bundled; throws what Vite throws. */
export async function bundleOf(name: ChildName): Promise<string> {
  bundled ??= bundle(FOLDER, Object.fromEntries(CHILDREN.map(child => [child, `bench/support/${child}.ts`])))
  await bundled
  return join(ROOT, FOLDER, `${name}.js`)
}
