import { inTransaction, migrateProgress } from '@holdfast/idempotency/postgres'
import { Pool, type PoolClient } from 'pg'
import type { OnceSettings } from './settings.ts'
import type { Way } from './way.ts'

/** The default of `pg`: so many transactions are under way at the most. */
const CONNECTIONS = 10
/** Begin, effect, note, commit. */
const STATEMENTS_PER_RECORD = 4

/** Every record has a row as its effect, in the transaction that notes it as done. */
export async function postgresTransactionWay({ databaseUrl, records }: OnceSettings): Promise<Way> {
  const pool = new Pool({ connectionString: databaseUrl, max: CONNECTIONS })
  const table = `progress_${process.pid}`
  const effects = `effects_${process.pid}`
  await migrateProgress(pool, table)
  await pool.query(`create table ${effects} (partition integer, "offset" bigint)`)
  const transactions = inTransaction<PoolClient>(pool, { table })
  let handled = 0
  return {
    options: { delivery: 'exactly-once', use: [transactions.middleware] },
    effect(record) {
      handled += 1
      const { partition, offset } = record
      return transactions.of(record).query(`insert into ${effects} values ($1, $2)`, [partition, offset])
    },
    roundTrips: () => handled * STATEMENTS_PER_RECORD,
    async check() {
      const { rows } = await pool.query(
        `select count(*)::int as rows, count(distinct (partition, "offset"))::int as ids from ${effects}`,
      )
      const [{ rows: count, ids }] = rows
      if (count !== records || ids !== records)
        throw new Error(`${count} effects of ${ids} records are committed, where there were ${records} records`)
    },
    async close() {
      await pool.query(`drop table ${table}, ${table}_done, ${effects}`)
      await pool.end()
    },
  }
}
