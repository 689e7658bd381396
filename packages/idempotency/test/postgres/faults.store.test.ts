import { randomUUID } from 'node:crypto'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { migrate } from '../../src/postgres/migrations.ts'
import type { PostgresClient } from '../../src/postgres/postgres-client.ts'
import { postgresStore } from '../../src/postgres/postgres-store.ts'
import type { IdempotencyStore } from '../../src/store.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'

const url = inject('databaseUrl')
const table = `faults_${randomUUID().replaceAll('-', '')}`
const admin = new Pool({ connectionString: url })
beforeAll(() => migrate(admin, table))
afterAll(async () => {
  await admin.query(`drop table ${table}`)
  await admin.end()
})

const storeOn = (client: PostgresClient): IdempotencyStore => postgresStore(client, { table, cleanUp: false })
const request = (key: string, owner = 'o') => ({ key, owner, fingerprint: null, leaseMs: 60_000, windowMs: 60_000 })

async function acquire(store: IdempotencyStore, key: string, owner = 'o') {
  const [result] = await store.claim([request(key, owner)])
  if (result?.type !== 'acquired') throw new Error(`the claim was ${result?.type}`)
  return { key, token: result.token }
}

test('a transaction that is serializable by default is run again where it conflicts', async () => {
  const pool = new Pool({ connectionString: url, options: '-c default_transaction_isolation=serializable' })
  const states: unknown[] = []
  const store = storeOn(watching(pool, states))
  await store.release([await acquire(store, 'serial')])
  const holder = await admin.connect()
  await holder.query('begin')
  await holder.query(`update ${table} set token = token + 1 where key = 'serial'`)
  const claim = store.claim([request('serial')])
  await expect.poll(() => blocked(holder)).toBe(1)
  await holder.query('commit')
  holder.release()
  expect(await claim).toMatchObject([{ type: 'acquired' }])
  expect(states).toEqual(['40001'])
  await pool.end()
})

/** Notes the states of the statements that fail. */
function watching(pool: Pool, states: unknown[]): PostgresClient {
  return {
    query: (text, values) =>
      pool.query(text, values).catch((error: { code?: string }) => {
        states.push(error.code)
        throw error
      }),
  }
}

test('a deadlock with a transaction of somebody else is run again', async () => {
  const store = storeOn(admin)
  await acquire(store, 'dead-1')
  await acquire(store, 'dead-2')
  const other = await admin.connect()
  const states: unknown[] = []
  const watched = storeOn(watching(admin, states))
  try {
    // Whoever waits for less than this does not look for deadlocks: the store's statement is the one that is ended.
    await other.query(`set deadlock_timeout = '1min'`)
    await other.query('begin')
    await other.query(`select 1 from ${table} where key = 'dead-2' for update`)
    const claims = watched.claim([request('dead-1'), request('dead-2')])
    await expect.poll(() => blocked(other)).toBe(1)
    const crossing = other.query(`select 1 from ${table} where key = 'dead-1' for update`)
    await expect.poll(() => states, { timeout: 10_000 }).toEqual(['40P01'])
    await crossing
    await other.query('commit')
    expect((await claims).map(({ type }) => type)).toEqual(['acquired', 'acquired'])
  } finally {
    other.release(true)
  }
})

/** How many wait for a lock that this connection has. */
async function blocked({ processID }: { readonly processID?: number } & object): Promise<number> {
  const { rows } = await admin.query(
    'select count(*)::int as n from pg_stat_activity where $1 = any (pg_blocking_pids(pid))',
    [processID],
  )
  return rows[0].n
}

test.each(['pg', 'postgres'] as const)(
  '%s: a connection that is cut after the commit leaves what the same call finds again',
  async (kind) => {
    await using proxy = await CuttingProxy.before(url)
    const through = new URL(url)
    through.port = String(proxy.port)
    through.hostname = '127.0.0.1'
    const pool = new Pool({ connectionString: through.href, max: 1 })
    pool.on('error', () => undefined)
    const sql = postgres(through.href, { max: 1 })
    const client: PostgresClient = kind === 'pg' ? pool : sql
    const store = storeOn(client)
    // It connects, and asks all that it asks once, before the connection is cut.
    await store.complete([{ ...(await acquire(store, `warm-${kind}`)), result: null }])
    const key = `cut-${kind}`
    proxy.isArmed = true
    await expect(store.claim([request(key)])).rejects.toThrow()
    expect((await storeOn(admin).claim([request(key, 'other')]))[0]?.type).toBe('busy')
    const mine = await acquire(store, key)
    await store.complete([{ key: 'unknown', token: 1, result: null }])
    proxy.isArmed = true
    await expect(store.complete([{ ...mine, result: '1' }])).rejects.toThrow()
    expect(await store.complete([{ ...mine, result: '1' }])).toEqual(['ok'])
    expect(await store.claim([request(key)])).toEqual([{ type: 'completed', result: '1' }])
    await Promise.all([pool.end(), sql.end()])
  },
)

test('a pool that is used up fails the claim, and the next one succeeds', async () => {
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 100 })
  const taken = await pool.connect()
  const store = storeOn(pool)
  await expect(store.claim([request('pool')])).rejects.toThrow(/timeout/)
  taken.release()
  await acquire(store, 'pool')
  await pool.end()
})

test('a backend that is terminated fails its call, and the pool has another one', async () => {
  const pool = new Pool({ connectionString: url, max: 1 })
  pool.on('error', () => undefined)
  const store = storeOn(pool)
  const { rows } = await pool.query('select pg_backend_pid() as pid')
  const holder = await admin.connect()
  await acquire(store, 'terminated')
  await holder.query('begin')
  await holder.query(`select 1 from ${table} where key = 'terminated' for update`)
  const waiting = expect(store.claim([request('terminated')])).rejects.toThrow(/terminating connection/)
  await expect.poll(() => blocked(holder)).toBe(1)
  await admin.query('select pg_terminate_backend($1)', [rows[0].pid])
  await waiting
  await holder.query('rollback')
  holder.release()
  await acquire(store, 'terminated')
  await pool.end()
})

test('a key that was committed elsewhere while the claim waited for it is not had', async () => {
  const store = storeOn(admin)
  const first = await acquire(store, 'race')
  await store.release([first])
  const holder = await admin.connect()
  await holder.query('begin')
  await holder.query(`update ${table} set state = 'done', token = token + 1, result = '1' where key = 'race'`)
  const claim = store.claim([request('race', 'other')])
  await expect.poll(() => blocked(holder)).toBe(1)
  await holder.query('commit')
  holder.release()
  expect(await claim).toEqual([{ type: 'completed', result: '1' }])
  expect(await store.claim([request('race', 'other')])).toEqual([{ type: 'completed', result: '1' }])
})
