/** Door: `layover/server/postgres`. What several gateways on one PostgreSQL database share. */
export { type DbosOptions, dbosEngine } from './engine/dbos.ts'
export { type PostgresStoreOptions, postgres } from './store/postgres.ts'
export { type PostgresBusOptions, postgresBus } from './sync/postgres-bus.ts'
