/** A gateway in a process of its own, and a keep-alive connection to it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InMemoryCache } from '@apollo/client'
import { type DocumentNode, parse, print, separateOperations } from 'graphql'
import type { Viewer } from 'layover/server'
import { clientOperations } from '../../server/vacation/__generated__/client-operations.ts'
import { startChild } from './child.ts'

/** As the web app's client sends it. */
export const KNOWN: string = print(
  new InMemoryCache().transformDocument(separateOperations(parse(clientOperations))['Changes'] as DocumentNode),
)
/** One field more: it is executed normally. */
export const OTHER: string = KNOWN.replace('hasMore', 'hasMore more: hasMore')

export interface Page {
  readonly cursor: string
  readonly hasMore: boolean
  readonly changed: readonly unknown[]
}

export interface BenchGateway {
  load(from: number, count: number, agents: number, version: number): Promise<void>
  readRaw(first: number, after: number, owner: string | null): Promise<{ cpuMs: number; rows: number }>
  /** CPU that the gateway's process has used so far. */
  cpuMs(): Promise<number>
  token(viewer: Viewer): Promise<string>
  /** Text of the answer. */
  post(token: string, query: string, variables: object): Promise<string>
  close(): Promise<void>
}

/** `NODE_CPU_PROF` names a folder for a profile of the gateway. */
export async function startGateway(): Promise<BenchGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'layover-bench-'))
  const { call, close } = await startChild('gateway-child', [join(directory, 'bench.db')])
  const url = new URL(await call<string>('address'))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    load: (...values) => call('load', ...values),
    readRaw: (...values) => call('readRaw', ...values),
    cpuMs: () => call('cpuMs'),
    token: viewer => call('token', viewer),
    post: (token, query, variables) =>
      new Promise((resolve, reject) => {
        const body = JSON.stringify({ query, variables })
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
        const sent = request({ ...options(url), agent, headers }, response => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () => resolve(Buffer.concat(chunks).toString()))
        })
        sent.on('error', reject)
        sent.end(body)
      }),
    async close() {
      agent.destroy()
      await close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const options = ({ hostname, port }: URL): object => ({ hostname, port, path: '/graphql', method: 'POST' })

/** A whole pull: the texts of its pages. */
export async function pull(
  gateway: BenchGateway,
  token: string,
  query: string,
  { first, since }: { first: number; since?: string },
): Promise<string[]> {
  const texts: string[] = []
  for (let cursor = since, hasMore = true; hasMore; ) {
    const text = await gateway.post(token, query, { first, ...(cursor === undefined ? {} : { since: cursor }) })
    texts.push(text)
    // The end of a page would do, but its members may stand in any order.
    ;({ cursor, hasMore } = pageOf(text))
  }
  return texts
}

export const pageOf = (text: string): Page => (JSON.parse(text) as { data: { changes: Page } }).data.changes

export const median = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN

export const lowest = (values: readonly number[]): number => Math.min(...values)
