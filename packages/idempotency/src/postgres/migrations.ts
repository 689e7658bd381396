import { type PostgresClient, queriesOf, type RunQuery, sqlState } from './postgres-client.ts'
import { nameBeside, quotedTable } from './table-name.ts'

export const DEFAULT_TABLE = 'holdfast_claims'

/**
 * The SQL that makes the table of a store, for a migration tool of yours; run again it changes nothing.
 * @throws HF_OPTION_INVALID
 */
export function migrationSql(table: string = DEFAULT_TABLE): string {
  return `${statements(table).join(';\n')};\n`
}

/**
 * Makes the table of a store where it is not there yet. Members may do so at the same time.
 * @throws HF_OPTION_INVALID; what the client throws
 */
export async function migrate(client: PostgresClient, table: string = DEFAULT_TABLE): Promise<void> {
  await runMigration(queriesOf(client), statements(table))
}

export async function runMigration(run: RunQuery, texts: readonly string[]): Promise<void> {
  for (const statement of texts) {
    await run(statement).catch((error: unknown) => {
      // "if not exists" does not see what is made at the same moment.
      if (!MADE_MEANWHILE.includes(sqlState(error))) throw error
    })
  }
}

/** An entry of the catalogue, the table, or the type of its rows. */
const MADE_MEANWHILE: readonly unknown[] = ['23505', '42P07', '42710']

/**
 * A page has room for a second version of each of its rows: when they are done all at once no index is written again (a "heap-only"
 * update), as long as no indexed column changes.
 */
function statements(table: string): readonly string[] {
  const name = quotedTable(table)
  return [
    `create table if not exists ${name} (
  key text collate "C" primary key,
  token bigint not null,
  state text not null check (state in ('claimed', 'done', 'free')),
  owner text not null,
  fingerprint text,
  lease_end timestamptz not null,
  expires timestamptz not null,
  result text
) with (fillfactor = 45)`,
    `create index if not exists "${nameBeside(table, '_expires')}" on ${name} (expires)`,
  ]
}
