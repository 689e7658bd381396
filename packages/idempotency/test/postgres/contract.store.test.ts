import { randomUUID } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, inject, test } from 'vitest'
import { storeContract } from '../../src/contract/store-contract.ts'
import { migrate } from '../../src/postgres/migrations.ts'
import type { PostgresClient } from '../../src/postgres/postgres-client.ts'
import { postgresStore } from '../../src/postgres/postgres-store.ts'

const url = inject('databaseUrl')
const table = `contract_${randomUUID().replaceAll('-', '')}`
const pool = new Pool({ connectionString: url })
const sql = postgres(url, { onnotice: () => undefined })
const lite = new PGlite()
// Members that start together make the table together.
beforeAll(() => Promise.all([pool, pool, sql, sql, lite].map((client) => migrate(client, table))))
afterAll(async () => {
  await pool.query(`drop table ${table}`)
  await Promise.all([pool.end(), sql.end(), lite.close()])
})

const clients: Readonly<Record<string, PostgresClient>> = { pg: pool, postgres: sql, PGlite: lite }
for (const [name, client] of Object.entries(clients)) {
  const contract = storeContract({
    name,
    setup: () => ({ store: () => postgresStore(client, { table, cleanUp: false }), close: async () => undefined }),
  })
  for (const { name: title, run } of contract) test.concurrent(title, run)
}
