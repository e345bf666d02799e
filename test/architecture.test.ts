/** The arrows and the ports, held from the first day. A failure names the file, the line and the rule. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Doors of the package, as tsconfig.json maps them. */
const doors: Readonly<Record<string, readonly string[]>> = (
  ts.parseConfigFileTextToJson('tsconfig.json', readFileSync(join(root, 'tsconfig.json'), 'utf8')).config as {
    compilerOptions: { paths: Record<string, string[]> }
  }
).compilerOptions.paths

interface Import {
  readonly line: number
  readonly specifier: string
  /** Path from the root; undefined for a package. */
  readonly target: string | undefined
  readonly typeOnly: boolean
  /** `import()`: when the code comes by. */
  readonly isLazy: boolean
}

interface Source {
  readonly path: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
    .filter(path => !path.includes('__generated__'))
}

function read(path: string): Source {
  const tree = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true)
  const imports = tree.statements.flatMap((statement): Import[] => {
    if (!(ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))) return []
    if (statement.moduleSpecifier === undefined || !ts.isStringLiteral(statement.moduleSpecifier)) return []
    const specifier = statement.moduleSpecifier.text
    const line = tree.getLineAndCharacterOfPosition(statement.getStart()).line + 1
    return [{ line, specifier, target: targetOf(path, specifier), typeOnly: isTypeOnly(statement), isLazy: false }]
  })
  return { path, tree, imports: [...imports, ...lazyImports(path, tree)] }
}

/** `import('package')`, of a value or of a type. */
function lazyImports(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    const named = ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined
    const isCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
    const literal = isCall ? node.arguments[0] : named
    if (literal !== undefined && ts.isStringLiteral(literal)) {
      const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
      const specifier = literal.text
      found.push({ line, specifier, target: targetOf(path, specifier), typeOnly: named !== undefined, isLazy: true })
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

function targetOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return relative(root, resolve(root, dirname(from), specifier))
  const [file] = doors[specifier] ?? []
  return file && relative(root, resolve(root, file))
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly
  const clause = statement.importClause
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const named = clause.namedBindings
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.every(element => element.isTypeOnly)
  )
}

const sources = ['protocol', 'client', 'server', 'examples'].flatMap(filesBelow).map(read)
const room = (path: string): string => path.split('/')[0] ?? ''
const isVacation = (path: string): boolean => /^(client|server)\/vacation\//.test(path)
const isConfig = (path: string): boolean => path.endsWith('.config.ts')

/** Imports that break a rule, as `file:line specifier`. */
const offenders = (rule: (from: string, imported: Import) => boolean): string[] =>
  sources.flatMap(({ path, imports }) =>
    imports.filter(imported => rule(path, imported)).map(({ line, specifier }) => `${path}:${line} ${specifier}`),
  )

describe('the arrows', () => {
  it('protocol imports nothing of ours', () => {
    expect(
      offenders((from, { target }) => room(from) === 'protocol' && target !== undefined && room(target) !== 'protocol'),
    ).toEqual([])
  })

  it('client and server never import each other', () => {
    const other: Readonly<Record<string, string>> = { client: 'server', server: 'client' }
    expect(offenders((from, { target }) => target !== undefined && other[room(from)] === room(target))).toEqual([])
  })

  it('client and protocol stand without Node', () => {
    const inNode = (path: string): boolean => isConfig(path) || path === 'client/build.ts'
    expect(
      offenders(
        (from, { specifier }) =>
          /^(client|protocol)$/.test(room(from)) && !inNode(from) && specifier.startsWith('node:'),
      ),
    ).toEqual([])
  })

  it('nothing outside the vacation folders imports vacation', () => {
    expect(offenders((from, { target }) => target !== undefined && isVacation(target) && !isVacation(from))).toEqual([])
  })

  it('vacation, the playground and the examples use only the doors', () => {
    const own = (from: string, target: string): boolean =>
      dirname(target).startsWith(from.split('/').slice(0, 2).join('/'))
    const guest = (from: string): boolean =>
      isVacation(from) || from.startsWith('examples/') || from.startsWith('client/playground/')
    expect(
      offenders(
        (from, { specifier, target }) =>
          guest(from) && target !== undefined && specifier.startsWith('.') && !own(from, target),
      ),
    ).toEqual([])
  })

  it("only an application's backend or main names a store adapter, and only the adapters name their database", () => {
    const mains = new Set(['server/vacation/backend.ts', 'examples/quick-start/server.ts', 'server/postgres.ts'])
    const names = (specifier: string): boolean =>
      /server\/(?:sqlite|postgres|nats|dbos)$|store\/(?:sqlite|postgres)\.ts$/.test(specifier)
    expect(offenders((from, { specifier }) => names(specifier) && !mains.has(from))).toEqual([])
    const database = (from: string): boolean =>
      from.startsWith('server/store/sqlite') || from.startsWith('server/vacation/suppliers/sandbox')
    expect(offenders((from, { specifier }) => specifier === 'better-sqlite3' && !database(from))).toEqual([])
  })

  it('only the adapters for PostgreSQL, DBOS and NATS name their package; bus and engine never before they are used', () => {
    const lazy: Readonly<Record<string, RegExp>> = {
      'server/sync/postgres-bus.ts': /^pg$/,
      'server/sync/nats-bus.ts': /^@nats-io\//,
      'server/engine/dbos.ts': /^pg$/,
      'server/engine/dbos-gateways.ts': /^pg$/,
      'server/engine/dbos-workflows.ts': /^(pg|@dbos-inc\/dbos-sdk)$/,
    }
    const several = /^(pg|@nats-io\/.*|@dbos-inc\/.*)$/
    const isStore = (from: string, specifier: string): boolean =>
      specifier === 'pg' && from.startsWith('server/store/postgres')
    expect(
      offenders(
        (from, { specifier, typeOnly, isLazy }) =>
          several.test(specifier) &&
          !isStore(from, specifier) &&
          !(lazy[from]?.test(specifier) && (typeOnly || isLazy)),
      ),
    ).toEqual([])
  })

  it('the core of the server knows no HTTP server', () => {
    const http = /^(fastify|@fastify\/|@as-integrations\/|express|ws$|graphql-ws|node:https?$)/
    expect(
      offenders(
        (from, { specifier }) =>
          from.startsWith('server/') && !isVacation(from) && !from.startsWith('server/use/') && http.test(specifier),
      ),
    ).toEqual([])
  })

  it('there is no cycle of value imports', () => {
    const edges = new Map(
      sources.map(({ path, imports }) => [
        path,
        imports.filter(({ typeOnly, isLazy }) => !typeOnly && !isLazy).flatMap(({ target }) => target ?? []),
      ]),
    )
    const cycles: string[] = []
    const done = new Set<string>()
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
        return
      }
      if (done.has(path)) return
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of edges.keys()) visit(path, [])
    expect(cycles).toEqual([])
  })

  it('there are no default exports', () => {
    const found = sources
      .filter(({ path }) => !isConfig(path))
      .filter(({ tree }) =>
        tree.statements.some(
          statement =>
            ts.isExportAssignment(statement) ||
            (ts.canHaveModifiers(statement) &&
              ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)),
        ),
      )
    expect(found.map(({ path }) => path)).toEqual([])
  })
})

describe('the ports: clock, randomness and network are handed in', () => {
  const globals = new Set(['setTimeout', 'setInterval', 'fetch', 'WebSocket', 'XMLHttpRequest'])
  const members = new Set([
    'Date.now',
    'Math.random',
    'crypto.randomUUID',
    'performance.now',
    'globalThis.fetch',
    'globalThis.crypto',
    'window.fetch',
    'window.setTimeout',
  ])
  /** Where the real ones are made and handed in. */
  const origins = new Set(['protocol/ports.ts', 'server/vacation/serve.ts', 'client/build.ts'])
  /** Pages are at the edge of the world: there the browser is handed in. */
  const isPage = (path: string): boolean =>
    path.startsWith('client/vacation/') || path.startsWith('client/playground/') || path.startsWith('examples/')

  function reached(node: ts.Node): string | undefined {
    if (ts.isPropertyAccessExpression(node)) {
      const name = `${node.expression.getText()}.${node.name.text}`
      return members.has(name) ? name : undefined
    }
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0)
      return 'new Date()'
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined
    return ts.isIdentifier(node.expression) && globals.has(node.expression.text) && !isLocal(node, node.expression.text)
      ? node.expression.text
      : undefined
  }

  /** Is the name a parameter or variable of a scope around it? Then it was handed in. */
  function isLocal(node: ts.Node, name: string): boolean {
    for (let scope: ts.Node | undefined = node; scope !== undefined; scope = scope.parent) {
      if (
        ts.isFunctionLike(scope) &&
        scope.parameters.some(parameter => new RegExp(`\\b${name}\\b`).test(parameter.name.getText()))
      )
        return true
    }
    return false
  }

  it('and never reached for', () => {
    const found: string[] = []
    for (const { path, tree } of sources) {
      if (origins.has(path) || isPage(path)) continue
      const visit = (node: ts.Node): void => {
        const name = reached(node)
        if (name !== undefined)
          found.push(`${path}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${name}`)
        ts.forEachChild(node, visit)
      }
      visit(tree)
    }
    expect(found).toEqual([])
  })
})

describe('the size of things', () => {
  it('no source file is longer than 400 lines', () => {
    expect(
      sources.filter(({ tree }) => tree.getLineAndCharacterOfPosition(tree.end).line > 400).map(({ path }) => path),
    ).toEqual([])
  })
})
