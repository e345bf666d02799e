import type { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client'
import type { DocumentNode } from 'graphql'
import type { Clock, Random } from '../protocol/ports.ts'
import type { ConflictEntry, Decision, Outcome, OutboxEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import type { TaskRegistration } from './task.ts'

export interface Scope {
  type: string
  where?: object
}
export interface Outbox {
  readonly entries: readonly OutboxEntry[]
  readonly paused: boolean
  settled(id: string): Promise<Outcome>
  retry(id: string): Promise<void>
  edit(id: string, variables: object): Promise<void>
  dependents(id: string): readonly OutboxEntry[]
  discard(id: string): Promise<void>
  cancel(id: string): Promise<void>
  pause(): void
  resume(): void
  export(): Promise<string>
  import(json: string): Promise<void>
  subscribe(listener: () => void): () => void
}
export interface PullResult {
  changed: number
  removed: number
  pages: number
  reset: boolean
}
export interface PushResult {
  sent: number
  confirmed: number
  conflicts: number
  rejected: number
  requests: number
}
export interface Sync {
  readonly lastSyncedAt: Date | null
  pull(): Promise<PullResult>
  push(): Promise<PushResult>
  setScopes(scopes: Scope[]): Promise<void>
  purge(options?: { force?: boolean }): Promise<void>
  subscribe(listener: () => void): () => void
}
export type ConnectionMode = 'auto' | 'offline' | 'metered'
export type ConnectionState = 'online' | 'offline' | 'unreachable'
export interface Connection {
  readonly mode: ConnectionMode
  readonly state: ConnectionState
  setMode(mode: ConnectionMode): void
  subscribe(listener: () => void): () => void
}
export interface Conflicts {
  readonly list: readonly ConflictEntry[]
  resolve(id: string, decision: Decision, values?: object): Promise<void>
  subscribe(listener: () => void): () => void
}
export interface StorageDriver {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: unknown): Promise<unknown>
  removeItem(key: string): Promise<unknown>
  keys(): Promise<string[]>
}
export interface OfflineClient extends ApolloClient {
  readonly outbox: Outbox
  readonly sync: Sync
  readonly connection: Connection
  readonly conflicts: Conflicts
  signOut(options: { pending: 'keep' | 'send' | 'discard' }): Promise<void>
  close(): Promise<void>
}
export interface SyncOptions {
  document: DocumentNode
  scopes?: Scope[]
  notice?: DocumentNode
  everyMs?: number
  pageSize?: number
}
export interface OfflineClientOptions
  extends Pick<
    ApolloClient.Options,
    'defaultOptions' | 'defaultContext' | 'devtools' | 'assumeImmutableResults' | 'queryDeduplication' | 'documentTransform'
  > {
  cache: InMemoryCache
  link: ApolloLink
  user: string
  tasks: TaskRegistration[]
  sync?: SyncOptions
  name?: string
  storage?: StorageDriver
  reauthenticate?: () => Promise<void>
  encryptionKey?: CryptoKey
  clock?: Clock
  random?: Random
  answerWithinMs?: number
  tasksPerDocument?: number
  onError?: (error: LayoverError) => void
}
export async function createOfflineClient(_options: OfflineClientOptions): Promise<OfflineClient> {
  throw new LayoverError('NOT_IMPLEMENTED', 'createOfflineClient')
}
