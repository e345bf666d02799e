/** What tests run as processes of their own, as plain JavaScript: `global-setup.ts` makes it, so that each starts quickly. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const gateway = (name: string): string => join(ROOT, `dist/gateway/${name}.js`)

/** Of `server/vacation/build.ts`: what ships. */
export const GATEWAY = gateway('main')
export const OUTSIDE = gateway('outside')
export const COMMAND = gateway('layover')

/** Folder of the tests' own, and each by its source. */
export const TEST_PROGRAMS_FOLDER = 'dist/test'
export const TEST_PROGRAMS = {
  'deadly-gateway': 'test/support/deadly-gateway.ts',
  'dbos-gateway': 'test/support/dbos-gateway.ts',
} as const

export const programOf = (name: keyof typeof TEST_PROGRAMS): string => join(ROOT, TEST_PROGRAMS_FOLDER, `${name}.js`)
