import type { DocumentRun } from './batch.ts'
import type { Records } from './records.ts'
import type { Viewer } from './viewer.ts'

/** What a request brings to be told who asks: header fields in lower case (of a WebSocket: its connection_init payload). */
export type Credentials = Readonly<Record<string, unknown>>

/** What every resolver is handed. */
export interface GatewayContext {
  readonly viewer: Viewer
  readonly document: DocumentRun
  /** Records with the viewer's rights. */
  readonly records: Records
}
