/** The door `layover/testing`: for an application's own tests of what it does offline. Needs no sockets and no server. */
export { type Device, type DeviceOptions, device } from './device.ts'
export type { NetworkFault, PlainFault } from './faults.ts'
export type { GatewayRequest, GatewayResponse, RequestedTask, SimulatedGateway } from './gateway-request.ts'
export { type MemoryGateway, type MemoryGatewayOptions, type MemoryResolver, memoryGateway } from './memory-gateway.ts'
export type { MemoryRecord } from './memory-records.ts'
export type { MemoryTask, TakenTask } from './memory-tasks.ts'
export type { TaskTransaction, Written } from './memory-transaction.ts'
export { type QueueTimeline, queueTimeline, type TimelineStatus, type TimelineStep } from './queue-timeline.ts'
export { type SeededRandom, seededRandom } from './seeded-random.ts'
export {
  type FaultRule,
  type LoggedRequest,
  type SimulatedNetwork,
  type SimulatedNetworkOptions,
  simulatedNetwork,
} from './simulated-network.ts'
export {
  type SimulatedStorage,
  type SimulatedStorageOptions,
  type StorageFailure,
  type StorageSession,
  simulatedStorage,
} from './simulated-storage.ts'
export {
  type Confirmed,
  type Conflicted,
  confirmed,
  type PayloadEntry,
  type Rejected,
  rejected,
  type TaskOutcome,
} from './task-outcome.ts'
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './virtual-clock.ts'
