export type { CleanUpOptions } from './clean-up.ts'
export { migrate, migrationSql } from './migrations.ts'
export type { PostgresClient, PostgresJsClient, QueryClient } from './postgres-client.ts'
export { type PostgresStoreOptions, postgresStore } from './postgres-store.ts'
