import { randomUUID } from 'node:crypto'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { CleanUp } from '../../src/postgres/clean-up.ts'
import { migrate, migrationSql } from '../../src/postgres/migrations.ts'
import { postgresStore } from '../../src/postgres/postgres-store.ts'
import { statementsOf } from '../../src/postgres/statements.ts'
import { quotedTable } from '../../src/postgres/table-name.ts'

const pool = new Pool({ connectionString: inject('databaseUrl') })
const table = `store_${randomUUID().replaceAll('-', '')}`
beforeAll(() => migrate(pool, table))
afterAll(async () => {
  await pool.query(`drop table ${table}`)
  await pool.end()
})

const requests = (prefix: string, count: number, windowMs: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `${prefix}${index}`,
    owner: 'o',
    fingerprint: null,
    leaseMs: 1,
    windowMs,
  }))

async function rows(like: string): Promise<number> {
  const { rows: found } = await pool.query(`select count(*)::int as n from ${table} where key like $1`, [like])
  return found[0].n
}

test('the clean-up deletes what has expired, some rows at a time, and passes over what others hold', async () => {
  const store = postgresStore(pool, { table, cleanUp: false })
  await store.claim(requests('old', 25, 1))
  await store.claim(requests('new', 5, 60_000))
  await expect
    .poll(async () => {
      const { rows: late } = await pool.query(
        `select 1 from ${table} where key like 'old%' and expires > clock_timestamp()`,
      )
      return late.length
    })
    .toBe(0)
  const statements: number[] = []
  const cleanUp = new CleanUp(
    async (text, values) => {
      statements.push(1)
      return (await pool.query(text, values)).rows
    },
    statementsOf(quotedTable(table)).cleanUp,
    { rows: 10 },
  )
  const holder = await pool.connect()
  try {
    await holder.query(`begin`)
    await holder.query(`select 1 from ${table} where key = 'old0' for update`)
    await cleanUp.now()
    expect([await rows('old%'), await rows('new%')]).toEqual([1, 5])
    expect(statements).toHaveLength(3)
  } finally {
    await holder.query('rollback')
    holder.release()
  }
  await cleanUp.now()
  expect([await rows('old%'), await rows('new%')]).toEqual([0, 5])
})

test('a store that is used cleans up by itself', async () => {
  const store = postgresStore(pool, { table, cleanUp: { everyMs: 20 } })
  await store.claim(requests('self', 3, 1))
  const used = async (): Promise<number> => {
    await store.claim(requests('other', 1, 60_000))
    return rows('self%')
  }
  await expect.poll(used, { timeout: 5_000 }).toBe(0)
})

test('a clean-up that does not come to an end goes on soon', async () => {
  const own = `${table}_many`
  await migrate(pool, own)
  await pool.query(
    `insert into ${own} (key, token, state, owner, lease_end, expires)
    select n, 1, 'done', 'o', now(), now() - interval '1 hour' from generate_series(1, 100) as n`,
  )
  const store = postgresStore(pool, { table: own, cleanUp: { everyMs: 4_000, rows: 3 } })
  await store.claim(requests('once', 1, 60_000))
  const left = async (): Promise<unknown> => (await pool.query(`select count(*)::int as n from ${own}`)).rows
  await expect.poll(left, { timeout: 7_000 }).toEqual([{ n: 1 }])
  await pool.query(`drop table ${own}`)
})

test('a role that may not delete is warned of when the consumer starts', async () => {
  const role = `role_${randomUUID().replaceAll('-', '')}`
  await pool.query(`create role ${role}; grant select, insert, update on ${table} to ${role}`)
  const client = new Pool({ connectionString: inject('databaseUrl'), options: `-c role=${role}` })
  const warnings: string[] = []
  for (const cleanUp of [{}, false] as const)
    await postgresStore(client, { table, cleanUp }).check?.((warning) => warnings.push(warning))
  await client.end()
  await pool.query(`drop owned by ${role}; drop role ${role}`)
  expect(warnings).toEqual([expect.stringMatching(/what has expired can't be deleted from .*permission denied/)])
})

test('a table that is not there is refused with what to do', async () => {
  const store = postgresStore(pool, { table: `${table}_missing` })
  await expect(store.check?.(() => undefined)).rejects.toMatchObject({
    code: 'HF_STORE_REFUSED',
    message: expect.stringMatching(/is not there.*\n {2}Fix: await migrate\(pool\)/),
  })
  await expect(postgresStore(pool, { table }).check?.(() => undefined)).resolves.toBeUndefined()
})

test('the SQL of the migration runs as a text, and again', async () => {
  const name = `${table}_text`
  for (let round = 0; round < 2; round += 1) await pool.query(migrationSql(name))
  await expect(postgresStore(pool, { table: name }).check?.(() => undefined)).resolves.toBeUndefined()
  await pool.query(`drop table ${name}`)
})

test('what is no client is refused', () => {
  expect(() => postgresStore({} as never)).toThrow(/no client of pg, postgres or PGlite/)
})
