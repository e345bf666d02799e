/** What lies in deploy/ fits together, and fits the gateway: it is not there to be run here, so it is read, and its parts are tried. */
import { execFile } from 'node:child_process'
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { systemRandom } from '../protocol/index.ts'
import { jwtAuthenticator } from '../server/index.ts'
import { postgres } from '../server/store/postgres.ts'
import { readConfig, SETTINGS } from '../server/vacation/config.ts'
import { startGatewayProcess, startOutsideProcess, temporaryDataDir } from './support/gateway-process.ts'
import { dropDatabase, freshDatabase, postgresMissing, sharedServer } from './support/postgres.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const SECRET = 'x'.repeat(32)

interface Container {
  readonly name: string
  readonly image: string
  readonly command?: string[]
  readonly env?: { name: string; value: string }[]
  readonly envFrom?: { secretRef: { name: string } }[]
  readonly ports: { name: string; containerPort: number }[]
  readonly securityContext: Record<string, unknown>
  readonly [probe: `${string}Probe`]: { httpGet?: { path: string; port: string } }
}
interface Pod {
  readonly metadata: { labels: Record<string, string> }
  readonly spec: {
    terminationGracePeriodSeconds?: number
    securityContext: Record<string, unknown>
    containers: Container[]
    [name: string]: unknown
  }
}
interface Manifest {
  readonly kind: string
  readonly metadata: { name: string }
  // biome-ignore lint/suspicious/noExplicitAny: manifests of any kind
  readonly spec: any
  readonly stringData: Record<string, string>
  readonly data: Record<string, string>
}
interface Service {
  readonly image: string
  readonly build?: { context: string; dockerfile: string }
  readonly command?: string[]
  readonly environment?: Record<string, string>
  readonly env_file?: string
  readonly healthcheck?: { test: string[] }
  readonly depends_on?: object
  readonly volumes?: string[]
  readonly stop_grace_period?: string
  readonly [name: string]: unknown
}

const manifestFiles = readdirSync(join(root, 'deploy/kubernetes'))
const manifests = manifestFiles
  .filter(name => name !== 'kustomization.yaml')
  .flatMap(name => parseAllDocuments(text(join('deploy/kubernetes', name))).map(each => each.toJS() as Manifest))
const manifest = (kind: string, name: string): Manifest => {
  const found = manifests.find(each => each.kind === kind && each.metadata.name === name)
  if (found === undefined) throw new Error(`no ${kind} ${name}`)
  return found
}
const pods = manifests
  .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
  .map(({ metadata: { name }, spec }) => ({ name, pod: spec.template as Pod }))
const podOf = (name: string): Pod => pods.find(each => each.name === name)?.pod as Pod
const containerOf = (name: string): Container => podOf(name).spec.containers[0] as Container
const portOf = (name: string, port: string): number | undefined =>
  containerOf(name).ports.find(each => each.name === port)?.containerPort
const envOf = (name: string): Record<string, string> =>
  Object.fromEntries((containerOf(name).env ?? []).map(each => [each.name, each.value]))

const compose = parse(text('deploy/compose.yaml'), { merge: true }) as { services: Record<string, Service> }
const service = (name: string): Service => compose.services[name] as Service
const gateways = Object.entries(compose.services).filter(([name]) => name.startsWith('gateway-'))
const envFile = (path: string): Record<string, string> =>
  Object.fromEntries([...text(path).matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))

/** Instruction and the rest of its line, stage by stage; `ARG`s stand in for themselves. */
const dockerfile = text('deploy/Dockerfile')
  .replace(/^#.*\n/gm, '')
  .split('\n')
  .flatMap(line => {
    const [, instruction, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    return instruction === undefined || rest === undefined ? [] : [{ instruction, rest }]
  })
const all = (instruction: string): string[] =>
  dockerfile.filter(each => each.instruction === instruction).map(({ rest }) => rest)
const imageEnv = Object.fromEntries(
  all('ENV').flatMap(rest => rest.split(' ').map(pair => pair.split('=') as [string, string])),
)
/** What a health check or a start runs, as an array. */
const argvOf = (rest: string): string[] => JSON.parse(rest.slice(rest.indexOf('['))) as string[]

describe('the image', () => {
  it('is made from files that are there, let through by .dockerignore, and by scripts that exist', () => {
    const sources = all('COPY')
      .filter(rest => !rest.startsWith('--from'))
      .flatMap(rest => rest.split(' ').slice(0, -1))
    const allowed = text('.dockerignore')
      .split('\n')
      .flatMap(line => (line.startsWith('!') ? line.slice(1) : []))
    expect(sources.filter(source => !existsSync(join(root, source)))).toEqual([])
    expect(sources.toSorted()).toEqual(allowed.toSorted())
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> }
    const asked = all('RUN').flatMap(rest => [...rest.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name))
    expect(asked).toEqual(['build:app'])
    expect(asked.filter(name => scripts[name] === undefined)).toEqual([])
    const needed = [...(scripts['build:app'] ?? '').matchAll(/[\w/-]+\.ts/g)].map(([file]) => file)
    expect(needed.filter(file => !existsSync(join(root, file)))).toEqual([])
  })

  it('comes from versions that are named, runs as nobody special, without a shell before the gateway', () => {
    expect(all('ARG')).toEqual([expect.stringMatching(/^NODE=20\.\d+\.\d+$/)])
    for (const from of all('FROM')) expect(from).toMatch(/^node:\$\{NODE\}-bookworm(-slim)?( AS \w+)?$/)
    expect(all('USER')).toEqual(['1000:1000'])
    expect(all('STOPSIGNAL')).toEqual(['SIGTERM'])
    expect(imageEnv['NODE_ENV']).toBe('production')
    const started = [argvOf(all('CMD')[0] ?? ''), service('outside').command, containerOf('outside').command]
    for (const argv of started) expect(existsSync(join(root, argv?.[1] ?? 'none'))).toBe(true)
    expect(all('VOLUME')).toEqual([imageEnv['DATA_DIR']])
  })

  it('holds the packages that the gateway imports, each in a version of the checkout', () => {
    const { dependencies } = JSON.parse(text('dist/gateway/package.json')) as { dependencies: Record<string, string> }
    const own = JSON.parse(text('package.json')) as Record<string, Record<string, string>>
    expect({ ...own['devDependencies'], ...own['dependencies'] }).toMatchObject(dependencies)
    expect(Object.keys(dependencies)).toContain('better-sqlite3')
    expect(Object.keys(dependencies)).not.toContain('vite')
  })

  it('makes a token with the command of deploy/README.md, and takes it', async () => {
    const program = /node --eval "\n([^"]+)"/.exec(text('deploy/README.md'))?.[1] ?? ''
    const { stdout } = await run(process.execPath, ['--eval', program], { env: { AUTH_SECRET: SECRET } })
    const authenticate = jwtAuthenticator({ secret: SECRET })
    expect(await authenticate({ authorization: `Bearer ${stdout.trim()}` })).toMatchObject({
      user: 'agent-1',
      tenant: 'demo',
      roles: ['agent', 'supervisor'],
    })
  })

  const isRoot = process.getuid?.() === 0
  if (!isRoot) process.stdout.write('only in part: the tests are not root, so the gateway can run as nobody else\n')

  it('serves in production from a folder it may not write, as a user who owns nothing but DATA_DIR, and its health check finds it', async () => {
    const [folder, data] = await Promise.all([temporaryDataDir(), temporaryDataDir()])
    chmodSync(folder.path, 0o555)
    const nobody = { uid: 65_534, gid: 65_534 }
    if (isRoot) chownSync(data.path, nobody.uid, nobody.gid)
    const gateway = await startGatewayProcess({
      dataDir: data.path,
      env: { NODE_ENV: 'production', AUTH_SECRET: SECRET },
      as: { cwd: folder.path, ...(isRoot ? nobody : {}) },
    })
    const [program = '', ...words] = argvOf(all('HEALTHCHECK')[0] ?? '')
    const check = (port: number): Promise<unknown> =>
      run(program, words, { env: { ...process.env, PORT: String(port) } })
    await check(gateway.port)
    expect(readdirSync(folder.path)).toEqual([])
    expect(await gateway.stop()).toBe(0)
    await expect(check(gateway.port)).rejects.toMatchObject({ code: 1 })
    chmodSync(folder.path, 0o755)
    await Promise.all([folder.remove(), data.remove()])
  })
})

it.skipIf(postgresMissing())('a gateway with DATABASE_URL and OUTSIDE_URL needs no folder at all', async () => {
  const data = await temporaryDataDir()
  const [database, outside] = await Promise.all([freshDatabase(), startOutsideProcess({ dataDir: data.path })])
  const gateway = await startGatewayProcess({
    dataDir: '/proc/nobody-can-make-this',
    env: {
      NODE_ENV: 'production',
      AUTH_SECRET: SECRET,
      DATABASE_URL: database,
      OUTSIDE_URL: outside.url,
      DRAIN_SECONDS: '0',
    },
  })
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  await Promise.all([gateway.kill(), outside.kill()])
  await Promise.all([dropDatabase(database), data.remove()])
})

describe('settings', () => {
  it.each([
    ['the image', Object.keys(imageEnv)],
    ['gateway.env.example', Object.keys(envFile('deploy/gateway.env.example'))],
    ['compose.yaml, gateways', gateways.flatMap(([, { environment }]) => Object.keys(environment ?? {}))],
    ['compose.yaml, outside', Object.keys(service('outside').environment ?? {})],
    ['gateway.yaml', Object.keys(envOf('gateway'))],
    ['outside.yaml', Object.keys(envOf('outside'))],
    ['secret.example.yaml', Object.keys(manifest('Secret', 'layover').stringData)],
  ])('%s names no other than the gateway knows', (_, names) => {
    expect(names.filter(name => !SETTINGS.includes(name))).toEqual([])
    expect(names.length).toBeGreaterThan(0)
  })

  it('together with filled-in secrets they are a configuration; without them nothing starts', () => {
    const inCompose = { ...imageEnv, ...envFile('deploy/gateway.env.example'), ...service('gateway-1').environment }
    const inKubernetes = { ...imageEnv, ...manifest('Secret', 'layover').stringData, ...envOf('gateway') }
    for (const environment of [inCompose, inKubernetes]) {
      expect(() => readConfig(environment)).toThrow(/AUTH_SECRET/)
      expect(readConfig({ ...environment, AUTH_SECRET: SECRET })).toMatchObject({ key: { secret: SECRET } })
    }
  })

  it('a stop leaves time for the drain, and for the five seconds of requests under way', () => {
    for (const [, { environment, stop_grace_period }] of gateways) {
      const grace = Number(/^(\d+)s$/.exec(stop_grace_period ?? '')?.[1])
      expect(grace).toBeGreaterThan(Number(environment?.['DRAIN_SECONDS']) + 5)
    }
    const grace = podOf('gateway').spec.terminationGracePeriodSeconds
    expect(grace).toBeGreaterThan(Number(envOf('gateway')['DRAIN_SECONDS']) + 5)
  })
})

describe('addresses', () => {
  it('the gateway listens where the image, compose.yaml, the balancer and Kubernetes look for it', () => {
    const port = Number(imageEnv['PORT'])
    expect(all('EXPOSE')).toEqual([String(port)])
    expect([envOf('gateway')['PORT'], portOf('gateway', 'http')]).toEqual([String(port), port])
    const servers = [...text('deploy/haproxy.cfg').matchAll(/^ {2}server (\S+) (\S+):(\d+)$/gm)]
    expect(servers.map(([, , host, at]) => [host, Number(at)])).toEqual(gateways.map(([name]) => [name, port]))
    const [bound] = [...text('deploy/haproxy.cfg').matchAll(/^ {2}bind :(\d+)$/gm)].map(([, at]) => at)
    expect(service('balancer')['ports']).toEqual([expect.stringMatching(new RegExp(`:${bound}$`))])
  })

  it('what the gateways are told of is there, under that name and port', () => {
    const told = (environment: Record<string, string>): [string, number][] =>
      ['DATABASE_URL', 'NATS_URL', 'OUTSIDE_URL'].map(name => {
        const { hostname, port } = new URL(environment[name] ?? '')
        return [hostname, Number(port)]
      })
    const inCompose = { ...envFile('deploy/gateway.env.example'), ...service('gateway-1').environment }
    expect(told(inCompose)).toEqual([
      ['postgres', 5432],
      ['nats', 4222],
      ['outside', Number(service('outside').environment?.['OUTSIDE_PORT'])],
    ])
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['postgres', 'nats', 'outside']))
    const inKubernetes = { ...manifest('Secret', 'layover').stringData, ...envOf('gateway') }
    for (const [name, port] of told(inKubernetes)) {
      const ports = manifest('Service', name).spec.ports as { port: number; targetPort: string }[]
      const [found] = ports.filter(each => each.port === port)
      expect([name, portOf(name, found?.targetPort ?? '')]).toEqual([name, port])
    }
    const outside = Number(envOf('outside')['OUTSIDE_PORT'])
    expect([portOf('outside', 'http'), portOf('outside', 'smtp')]).toEqual([outside, outside + 1])
    expect((manifest('Service', 'outside').spec.ports as { port: number }[]).map(each => each.port)).toEqual([
      outside,
      outside + 1,
    ])
  })

  it('services, budgets and the ingress find their pods', () => {
    for (const { kind, metadata, spec } of manifests) {
      if (kind === 'Service') expect(podOf(metadata.name).metadata.labels).toMatchObject(spec.selector)
      if (kind === 'PodDisruptionBudget')
        expect(podOf(metadata.name).metadata.labels).toMatchObject(spec.selector.matchLabels)
      if (kind === 'Deployment' || kind === 'StatefulSet')
        expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels)
    }
    const { name, port } = manifest('Ingress', 'gateway').spec.rules[0].http.paths[0].backend.service
    expect((manifest('Service', name).spec.ports as { name: string }[]).map(each => each.name)).toContain(port.name)
  })

  it('every probe and health check asks for something that answers', async () => {
    const [one, other] = await Promise.all([temporaryDataDir(), temporaryDataDir()])
    const gateway = await startGatewayProcess({ dataDir: one.path })
    const outside = await startOutsideProcess({ dataDir: other.path })
    const probed = (name: string): string[] =>
      Object.entries(containerOf(name)).flatMap(([key, probe]) =>
        key.endsWith('Probe') ? ((probe as { httpGet: { path: string } }).httpGet.path ?? []) : [],
      )
    const inText = (path: string | undefined): string[] =>
      [...(path ?? '').matchAll(/:\d+(\/[\w/]+)'/g)].map(([, found = '']) => found)
    const balancer = /option httpchk GET (\S+)/.exec(text('deploy/haproxy.cfg'))?.[1] ?? ''
    const ofGateway = [...probed('gateway'), balancer]
    const ofOutside = [...probed('outside'), ...inText(service('outside').healthcheck?.test.join(' '))]
    expect([ofGateway.length, ofOutside.length]).toEqual([4, 2])
    for (const path of ofGateway) expect([path, (await fetch(gateway.url + path)).status]).toEqual([path, 200])
    for (const path of ofOutside) expect([path, (await fetch(outside.url + path)).status]).toEqual([path, 200])
    await Promise.all([gateway.kill(), outside.kill()])
    await Promise.all([one.remove(), other.remove()])
  })
})

describe('what a container may do', () => {
  it.each(pods.map(({ name }) => name))(
    'in Kubernetes, %s: no root, no privilege, nothing to write but its volumes',
    name => {
      const { spec } = podOf(name)
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: expect.any(Number),
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false })
      for (const { securityContext, image, ...container } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(container).toMatchObject({
          resources: {
            requests: { cpu: expect.any(String), memory: expect.any(String) },
            limits: { memory: expect.any(String) },
          },
        })
        expect(image).toMatch(/^layover-gateway$|:\d[\w.]*-/)
      }
    },
  )

  it.each(Object.keys(compose.services).filter(name => name !== 'postgres'))('in compose.yaml, %s: the same', name => {
    expect(service(name)).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
    })
  })
})

describe('the files', () => {
  it('are all that Kubernetes is given, and all that compose.yaml asks for', () => {
    const { resources } = parse(text('deploy/kubernetes/kustomization.yaml')) as { resources: string[] }
    const given = manifestFiles.filter(name => name !== 'kustomization.yaml').map(name => name.replace('.example', ''))
    expect(resources.toSorted()).toEqual(given.toSorted())
    const mounted = Object.values(compose.services).flatMap(({ volumes = [], env_file }) => [
      ...volumes.flatMap(volume => /^\.\/([^:]+):/.exec(volume)?.[1] ?? []),
      ...(env_file === undefined ? [] : [`${env_file}.example`]),
    ])
    expect(mounted.length).toBeGreaterThan(4)
    expect(mounted.filter(name => !existsSync(join(root, 'deploy', name)))).toEqual([])
    expect(service('gateway-1').build).toEqual({ context: '..', dockerfile: 'deploy/Dockerfile' })
  })

  it('are each explained in deploy/README.md', () => {
    const files = readdirSync(join(root, 'deploy'), { recursive: true, withFileTypes: true }).filter(each =>
      each.isFile(),
    )
    const guide = text('deploy/README.md')
    expect(files.map(({ name }) => basename(name)).filter(name => !guide.includes(name))).toEqual([])
  })

  it('keep no secret: those that hold one are not for git', () => {
    const ignored = text('.gitignore').split('\n')
    expect(ignored).toEqual(expect.arrayContaining(['deploy/*.env', 'deploy/kubernetes/secret.yaml']))
    for (const example of ['deploy/gateway.env.example', 'deploy/postgres.env.example'])
      expect(
        Object.entries(envFile(example)).filter(([name, value]) => value !== '' && name !== 'DATABASE_URL'),
      ).toEqual([])
  })

  it('make the same role in both', () => {
    expect(manifest('ConfigMap', 'postgres-role').data['create-role.sh']).toBe(text('deploy/create-role.sh'))
  })

  it.skipIf(postgresMissing())(
    'make roles that are enough for the store, and no more, as docs/postgres.md says',
    async () => {
      const [, inKit = ''] = /<<'SQL'\n([\s\S]*)\nSQL\n/.exec(text('deploy/create-role.sh')) ?? []
      const [owning = '', serving = '', renewing = ''] = [
        ...text('docs/postgres.md').matchAll(/^```sql\n(.*?)^```/gms),
      ].map(([, block = '']) => block)
      expect(inKit.replace(":'password'", "'…'")).toBe(owning.trim())

      const name = `role_${systemRandom.uuid().replaceAll('-', '')}`
      const named = (sql: string): string => sql.replace(/\b(role|database|owner|to) layover/g, `$1 ${name}`)
      const address = (role: string): string =>
        Object.assign(new URL(sharedServer() ?? ''), { username: role, password: '…', pathname: `/${name}` }).href
      const say = async (url: string, sql: string): Promise<pg.QueryResult> => {
        const client = new pg.Client(url)
        await client.connect()
        try {
          for (const statement of sql.split(/;\n/).slice(0, -1)) await client.query(statement)
          return await client.query(sql.split(/;\n/).at(-1) || 'select 1')
        } finally {
          await client.end()
        }
      }
      const administrator = sharedServer() ?? ''
      const epochSeenBy = async (role: string): Promise<string> => {
        const store = postgres(address(role))
        await store.open()
        expect(await store.write('north', async unit => unit.head('north'))).toBe(0)
        const { epoch } = store
        await store.close()
        return epoch
      }
      await say(administrator, named(owning))
      const epoch = await epochSeenBy(name)
      const [asAdministrator = '', asOwner = ''] = named(serving).split(/^-- As layover.*\n/m)
      await say(administrator, asAdministrator)
      await say(address(name), asOwner)
      expect(await epochSeenBy(`${name}_app`)).toBe(epoch)
      await expect(say(address(`${name}_app`), 'drop table layover.task')).rejects.toThrow('must be owner')
      await say(address(name), renewing)
      expect(await epochSeenBy(`${name}_app`)).not.toBe(epoch)
      const { rows } = await say(
        administrator,
        `select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as more from pg_roles where rolname like '${name}%'`,
      )
      expect(rows).toEqual([{ more: false }, { more: false }])
      await say(administrator, `drop database ${name} with (force);\ndrop role ${name}, ${name}_app`)
    },
  )
})
