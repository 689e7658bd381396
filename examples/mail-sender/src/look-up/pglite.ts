import type { Database } from './database.ts'
import { sampleDatabaseSql } from './sql-files.ts'

/** Postgres inside this process, in memory. */
export async function openPglite(): Promise<Database> {
  const { PGlite } = await import('@electric-sql/pglite')
  const database = await PGlite.create()
  await database.exec(await sampleDatabaseSql())
  return {
    async query<Row>(text: string, values: readonly unknown[]) {
      const { rows } = await database.query<Row>(text, [...values])
      return rows
    },
    async [Symbol.asyncDispose]() {
      await database.close()
    },
  }
}
