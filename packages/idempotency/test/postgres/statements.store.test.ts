import { randomUUID } from 'node:crypto'
import { Pool, type PoolClient } from 'pg'
import { afterAll, beforeEach, expect, inject, test } from 'vitest'
import { migrate } from '../../src/postgres/migrations.ts'
import { postgresStore } from '../../src/postgres/postgres-store.ts'
import { statementsOf } from '../../src/postgres/statements.ts'
import { quotedTable } from '../../src/postgres/table-name.ts'

const pool = new Pool({ connectionString: inject('databaseUrl'), max: 1 })
const tables: string[] = []
let table: string
beforeEach(async () => {
  table = `statements_${randomUUID().replaceAll('-', '')}`
  tables.push(table)
  await migrate(pool, table)
})
afterAll(async () => {
  await pool.query(`drop table ${tables.join()}`)
  await pool.end()
})

const request = (key: string) => ({ key, owner: 'o', fingerprint: null, leaseMs: 60_000, windowMs: 60_000 })
const keys = Array.from({ length: 200 }, (_, index) => `k${index}`)
const literal = `'{${keys}}'`
const ones = `'{${keys.map(() => 1)}}'`
const ASKED = {
  renew: [literal, ones, ones],
  complete: [literal, ones, ones],
  release: [literal, ones, ones],
  look: [literal],
}

/** How the statements of the store are carried out as prepared ones, which are planned for good when they are made. */
async function plans(client: PoolClient): Promise<Record<string, string>> {
  const statements = statementsOf(quotedTable(table))
  const made: Record<string, string> = {}
  await client.query('begin')
  await client.query('set local plan_cache_mode = force_generic_plan')
  for (const [name, values] of Object.entries(ASKED) as [keyof typeof ASKED, string[]][]) {
    await client.query(`prepare ${name} as ${statements[name]}`)
    const { rows } = await client.query(`explain execute ${name} (${values})`)
    made[name] = rows.map((row) => row['QUERY PLAN']).join('\n')
    await client.query(`deallocate ${name}`)
  }
  await client.query('rollback')
  return made
}

test.each([0, 1, 50, 5_000])('rows are looked up by their keys where the table has %i', async (count) => {
  const store = postgresStore(pool, { table, cleanUp: false })
  await store.claim(Array.from({ length: count }, (_, index) => request(`k${index}`)))
  const client = await pool.connect()
  try {
    for (const plan of Object.values(await plans(client))) {
      expect(plan).toMatch(new RegExp(`(using|Conflict Arbiter Indexes:) ${table}_pkey`))
      expect(plan).not.toContain(`Seq Scan on ${table}`)
    }
  } finally {
    client.release()
  }
})

/** In which page of the table each row is. */
async function pages(): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query(`select key, (ctid::text::point)[0]::int as page from ${table}`)
  return new Map(rows.map(({ key, page }) => [key, page]))
}

test('rows that are done all at once stay in their pages, so that no index is written for them', async () => {
  const store = postgresStore(pool, { table, cleanUp: false })
  const requests = Array.from({ length: 1_000 }, (_, index) => ({ ...request(`orders-${index}@1790000000000`) }))
  const results = await store.claim(requests)
  const before = await pages()
  await store.complete(
    requests.map(({ key }, index) => ({ key, token: (results[index] as { token: number }).token, result: null })),
  )
  expect(await pages()).toEqual(before)
  expect(new Set(before.values()).size).toBeGreaterThan(10)
})

/** What the only connection of the pool has prepared for this table. */
async function prepared(): Promise<number> {
  const { rows } = await pool.query('select name, statement from pg_prepared_statements')
  return rows.filter(({ name, statement }) => name.startsWith('holdfast_') && statement.includes(table)).length
}

test('statements are prepared once', async () => {
  const store = postgresStore(pool, { table, cleanUp: false })
  for (const key of ['a', 'b', 'c']) await store.claim([request(key)])
  expect(await prepared()).toBe(1)
})

test('a connection that has lost what it prepared, as behind a pooler, is used without', async () => {
  const store = postgresStore(pool, { table, cleanUp: false })
  await store.claim([request('a')])
  await pool.query('deallocate all')
  expect(await store.claim([request('b')])).toMatchObject([{ type: 'acquired' }])
  expect(await store.claim([request('c')])).toMatchObject([{ type: 'acquired' }])
  expect(await prepared()).toBe(0)
})

test('a connection on which another client has prepared the same, as behind a pooler, is used without', async () => {
  const first = postgresStore(pool, { table, cleanUp: false })
  await first.claim([request('a')])
  const { rows } = await pool.query('select name from pg_prepared_statements where statement like $1', [`%${table}%`])
  const { name } = rows.find((row) => row.name.startsWith('holdfast_'))
  const other = new Pool({ connectionString: inject('databaseUrl'), max: 1 })
  try {
    await other.query(`prepare ${name} as select 1`)
    const store = postgresStore(other, { table, cleanUp: false })
    expect(await store.claim([request('a')])).toMatchObject([{ type: 'acquired' }])
    expect(await store.claim([request('b')])).toMatchObject([{ type: 'acquired' }])
  } finally {
    await other.end()
  }
})
