import { randomUUID } from 'node:crypto'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { migrate } from '../../src/postgres/migrations.ts'
import { postgresStore } from '../../src/postgres/postgres-store.ts'

const url = inject('databaseUrl')
const table = `options_${randomUUID().replaceAll('-', '')}`
const camel = postgres(url, { transform: postgres.camel, max: 1, onnotice: () => undefined })
const pascal = postgres(url, { transform: postgres.pascal, max: 1, onnotice: () => undefined })
const pool = new Pool({ connectionString: url })
const raw = new Pool({ connectionString: url, types: { getTypeParser: () => (text: string) => text } as never })
beforeAll(() => migrate(pool, table))
afterAll(async () => {
  await pool.query(`drop table ${table}`)
  await Promise.all([pool.end(), raw.end(), camel.end(), pascal.end()])
})

test.each([
  ['columns in camel case', camel],
  ['columns in Pascal case', pascal],
  ['no types', raw],
])('a client that has its own options: %s', async (name, client) => {
  const store = postgresStore(client, { table, cleanUp: false })
  const asked = { key: name.replaceAll(' ', '-'), fingerprint: null, leaseMs: 60_000, windowMs: 60_000 }
  const [mine] = await store.claim([{ ...asked, owner: 'o' }])
  expect(mine).toEqual({ type: 'acquired', token: expect.any(Number) })
  const [other] = await store.claim([{ ...asked, owner: 'p' }])
  expect(other).toEqual({ type: 'busy', forMs: expect.closeTo(60_000, -4) })
  const claim = { key: asked.key, token: mine?.type === 'acquired' ? mine.token : 0 }
  expect(await store.renew([{ ...claim, leaseMs: 60_000 }])).toEqual(['ok'])
  expect(await store.complete([{ ...claim, result: '1' }])).toEqual(['ok'])
  expect(await store.complete([{ ...claim, token: 1, result: '1' }])).toEqual(['stale'])
  expect(await store.claim([{ ...asked, owner: 'p' }])).toEqual([{ type: 'completed', result: '1' }])
})
