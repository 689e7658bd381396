import { runMigration } from '../postgres/migrations.ts'
import { type PostgresClient, queriesOf } from '../postgres/postgres-client.ts'
import { quotedTable } from '../postgres/table-name.ts'

export const DEFAULT_TABLE = 'holdfast_outbox'

/**
 * The SQL that makes the table of an outbox, for a migration tool of yours; run again it changes nothing.
 * @throws HF_OPTION_INVALID
 */
export function migrationSql(table: string = DEFAULT_TABLE): string {
  return `${statement(table)};\n`
}

/**
 * Makes the table of an outbox where it is not there yet. Processes may do so at the same time.
 * @throws HF_OPTION_INVALID; what the client throws
 */
export async function migrate(client: PostgresClient, table: string = DEFAULT_TABLE): Promise<void> {
  await runMigration(queriesOf(client, 'migrate'), [statement(table)])
}

/** Headers are a text, since neither json nor arrays keep every name, value and their order. */
function statement(table: string): string {
  return `create table if not exists ${quotedTable(table)} (
  id bigint generated always as identity primary key,
  message_id uuid not null,
  topic text not null,
  record_partition integer,
  key bytea,
  value bytea,
  headers text not null,
  record_timestamp bigint,
  enqueued timestamptz not null default clock_timestamp()
)`
}
