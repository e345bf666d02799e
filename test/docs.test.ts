/** What the documents print is code that is compiled, what they link to is there, and no option or code is left out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { LAYOVER_ERROR_CODES } from '../client/layover-error.ts'
import { SETTINGS } from '../server/vacation/config.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => ending.test(name))
    .map(name => join(folder, name))

const documents = ['README.md', 'CHANGELOG.md', 'protocol/README.md', 'deploy/README.md', ...filesIn('docs', /\.md$/)]

/** Without how far its lines are indented. */
const flat = (code: string): string => code.replace(/^[ \t]+/gm, '')
const compiled = [...filesIn('examples', /\.tsx?$/), ...filesIn('test', /\.tsx?$/)]
  .filter(path => path !== 'test/docs.test.ts')
  .map(path => flat(text(path)))

const withCode = documents.filter(path => /^```tsx?$/m.test(text(path)))

it.each(withCode)('every line of code in %s stands in a file that is compiled', path => {
  const blocks = [...text(path).matchAll(/^```tsx?\n(.*?)^```$/gms)].map(([, block = '']) => block)
  expect(blocks.filter(block => !compiled.some(file => file.includes(flat(block))))).toEqual([])
})

/** As GitHub makes them. */
const anchorsOf = (path: string): string[] =>
  [...text(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )

it.each(documents)('every link in %s leads somewhere', path => {
  const prose = text(path).replace(/^```.*?^```$/gms, '')
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const broken = links.filter(link => {
    if (/^[a-z]+:/.test(link)) return false
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), file)
    return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
  })
  expect(broken).toEqual([])
})

/** Names of the members of an interface. */
function membersOf(path: string, name: string): string[] {
  const source = ts.createSourceFile(path, text(path), ts.ScriptTarget.Latest, true)
  const found = source.statements.find(each => ts.isInterfaceDeclaration(each) && each.name.text === name)
  if (!found || !ts.isInterfaceDeclaration(found)) throw new Error(`${path} has no interface ${name}.`)
  return found.members.flatMap(({ name: member }) => member?.getText() ?? [])
}

const guide = text('docs/client.md')
const isNamed = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(guide)

it.each([
  ['client/offline-client.ts', 'OfflineClientOptions'],
  ['client/offline-client.ts', 'OfflineClient'],
  ['client/task.ts', 'TaskOptions'],
  ['client/sync.ts', 'SyncOptions'],
  ['client/sync.ts', 'Sync'],
  ['client/outbox-door.ts', 'Outbox'],
  ['client/outbox-limits.ts', 'OutboxLimits'],
  ['client/metered.ts', 'MeteredOptions'],
  ['client/freshness.ts', 'FreshnessOptions'],
  ['client/freshness.ts', 'FreshnessLimits'],
  ['client/entry.ts', 'ConflictEntry'],
  ['client/use/ws.ts', 'WebSocketLinkOptions'],
])('docs/client.md names every member of %s: %s', (path, name) => {
  expect(membersOf(path, name).filter(member => !isNamed(member))).toEqual([])
})

it('docs/client.md names every code of a LayoverError', () => {
  expect(LAYOVER_ERROR_CODES.filter(code => !isNamed(code))).toEqual([])
})

it('the README names every setting', () => {
  expect(SETTINGS.filter(name => !text('README.md').includes(`\`${name}\``))).toEqual(['NODE_ENV'])
})

it('docs/react.md names every hook', () => {
  const hooks = [...text('client/react/index.ts').matchAll(/\b(use\w+|OfflineProvider)\b/g)].map(([hook]) => hook)
  expect(hooks.filter(hook => !text('docs/react.md').includes(hook))).toEqual([])
})
