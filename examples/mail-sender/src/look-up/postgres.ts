import pg from 'pg'
import type { Database } from './database.ts'

/** A pool of connections, which are opened as they are needed. The first query shows whether the server is there. */
export async function openPostgres(connectionString: string, max: number): Promise<Database> {
  const pool = new pg.Pool({ connectionString, max, connectionTimeoutMillis: 10_000 })
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on('error', () => undefined)
  const database: Database = {
    async query<Row>(text: string, values: readonly unknown[]) {
      const { rows } = await pool.query(text, [...values])
      return rows as Row[]
    },
    async [Symbol.asyncDispose]() {
      await pool.end()
    },
  }
  await database.query('select 1', [])
  return database
}
