/** Door: `layover/server`. Stores and HTTP adapters have doors of their own. */
export { jwtAuthenticator, signToken, type TokenKey } from './authenticate.ts'
export type { ConflictPolicy } from './conflicts.ts'
export type { Credentials, GatewayContext } from './context.ts'
export { refuse } from './errors.ts'
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
export type { DocumentLimits } from './guard/limits.ts'
export { type Log, silentLog } from './log.ts'
export { type LoggableError, loggable } from './observe/loggable.ts'
export type { Observer, Span, StepOutcome, Watched } from './observe/observer.ts'
export type { Rate, RateLimits } from './rate-limit.ts'
export type { RecordPage, Records } from './records.ts'
export type { EntityRecord, Store } from './store/store.ts'
export { StoreError, type StoreErrorCode } from './store/store.ts'
export { type Bus, BusError, type BusErrorCode, type BusSetting, type News } from './sync/bus.ts'
export {
  type Collection,
  type CollectionRules,
  defineCollection,
  ownedBy,
  type Reach,
  type RecordChange,
  referenceData,
} from './sync/collection.ts'
export {
  defineTask,
  done,
  type PlainTask,
  type SagaTask,
  type Step,
  type StepAnswer,
  type StepCall,
  type StepResults,
  type TaskDefinition,
  type TaskTransaction,
  type Written,
} from './tasks/define-task.ts'
export {
  type Confirmed,
  type Conflicted,
  type ConflictReport,
  confirmed,
  type Outcome,
  type Payload,
  type Reconciliation,
  type Rejected,
  rejected,
  type Suggestion,
} from './tasks/outcome.ts'
export { hasRole, SHARED_PARTITION, tenantPartition, type Viewer } from './viewer.ts'
