export { type InTransaction, type InTransactionOptions, inTransaction } from '../transaction/in-transaction.ts'
export { migrateProgress, type ProgressPlace, progressSql, setProgress } from '../transaction/tables.ts'
export type { CleanUpOptions } from './clean-up.ts'
export { migrate, migrationSql } from './migrations.ts'
export type { PostgresClient, PostgresJsClient, QueryClient } from './postgres-client.ts'
export { type PostgresStoreOptions, postgresStore } from './postgres-store.ts'
export type {
  PgliteTransactions,
  PgPool,
  PgPoolClient,
  PostgresJsTransactions,
  TransactionClient,
} from './transactions.ts'
