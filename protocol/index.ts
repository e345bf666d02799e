export * from './errors.ts'
export * from './ports.ts'
export * from './protocol.ts'
export * from './task-states.ts'
