import { randomUUID } from 'node:crypto'
import type { AttemptCall } from '@holdfast/core'
import { Pool, type PoolClient } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../../kafkajs/test/support/until.ts'
import { inTransaction } from '../../src/transaction/in-transaction.ts'
import { migrateProgress } from '../../src/transaction/tables.ts'

const url = inject('databaseUrl')
const table = `progress_${randomUUID().replaceAll('-', '')}`
const effects = `${table}_effects`
const admin = new Pool({ connectionString: url })
beforeAll(async () => {
  await migrateProgress(admin, table)
  await admin.query(`create table ${effects} (id text primary key, times int not null)`)
})
afterAll(async () => {
  await admin.query(`drop table ${table}, ${table}_done, ${effects}`)
  await admin.end()
})

const LOST = { name: 'RetryLater', message: expect.stringContaining('lost to another one'), isAttempt: false }

function attempt(): AttemptCall {
  const topic = `t-${randomUUID()}`
  const record = { topic, partition: 0, offset: 0 }
  const fields = { topic, partition: 0, groupId: 'g', epoch: 1, batch: false, records: [record], record, raw: [record] }
  return { ...fields, signal: new AbortController().signal } as unknown as AttemptCall
}

/** A handler of transactions of a pool, which counts what it did to a row. */
function handling(pool: Pool) {
  const { middleware, of } = inTransaction<PoolClient>(pool, { table })
  return (call: AttemptCall, work: (transaction: PoolClient) => Promise<unknown>): Promise<unknown> =>
    Promise.resolve(middleware(call, () => work(of(call.record))))
}

const count = (client: Pick<Pool, 'query'>, id: string): Promise<unknown> =>
  client.query(`update ${effects} set times = times + 1 where id = $1`, [id])

async function newRows(...names: readonly string[]): Promise<string[]> {
  const ids = names.map((name) => `${name}-${randomUUID()}`)
  await admin.query(`insert into ${effects} select unnest($1::text[]), 0`, [ids])
  return ids
}

async function times(ids: readonly string[]): Promise<number[]> {
  const { rows } = await admin.query(`select times from ${effects} where id = any($1) order by id`, [ids])
  return rows.map((row) => row.times)
}

/** Until the session waits for a lock of another one. */
async function isBlocked(by: PoolClient): Promise<void> {
  const { rows } = await by.query('select pg_backend_pid() as pid')
  await until(
    'somebody who waits',
    () => admin.query('select 1 from pg_stat_activity where $1 = any (pg_blocking_pids(pid))', [rows[0].pid]),
    ({ rowCount }) => rowCount === 1,
  )
}

test('a serialization failure rolls back the effect, counts as no attempt, and the next one succeeds', async () => {
  const pool = new Pool({ connectionString: url, options: '-c default_transaction_isolation=serializable' })
  const handle = handling(pool)
  const [id] = (await newRows('serial')) as [string]
  const call = attempt()
  const refused = handle(call, async (transaction) => {
    await transaction.query(`select times from ${effects} where id = $1`, [id])
    // Somebody else has written meanwhile what this one has read, and writes as well.
    await count(admin, id)
    await count(transaction, id)
  })
  await expect(refused).rejects.toMatchObject({ ...LOST, cause: { code: '40001' } })
  expect(await times([id])).toEqual([1])
  await handle(call, (transaction) => count(transaction, id))
  expect(await times([id])).toEqual([2])
  await pool.end()
})

test('a deadlock of two handlers ends one of them without effect and without an attempt; then both have theirs', async () => {
  const pool = new Pool({ connectionString: url, max: 4 })
  const handle = handling(pool)
  const ids = await newRows('one', 'two')
  const [calls, met] = [
    [attempt(), attempt()],
    [Promise.withResolvers<void>(), Promise.withResolvers<void>()],
  ]
  const run = (turn: 0 | 1, waits: boolean): Promise<unknown> =>
    handle(calls[turn] as AttemptCall, async (transaction) => {
      await count(transaction, ids[turn] as string)
      met[turn]?.resolve()
      if (waits) await met[1 - turn]?.promise
      await count(transaction, ids[1 - turn] as string)
    })
  const ends = await Promise.allSettled([run(0, true), run(1, true)])
  const loser = ends.findIndex(({ status }) => status === 'rejected') as 0 | 1
  expect(ends[loser]).toMatchObject({ reason: { ...LOST, cause: { code: '40P01' } } })
  expect(ends[1 - loser]).toMatchObject({ status: 'fulfilled' })
  expect(await times(ids)).toEqual([1, 1])
  await run(loser, false)
  expect(await times(ids)).toEqual([2, 2])
  await pool.end()
})

test('a pool that is used up: no handler is called, and the record has its turn when there is a connection', async () => {
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 100 })
  const handle = handling(pool)
  const [id] = (await newRows('pool')) as [string]
  const [call, calls] = [attempt(), [] as unknown[]]
  const work = (transaction: PoolClient): Promise<unknown> => {
    calls.push(transaction)
    return count(transaction, id)
  }
  const taken = await pool.connect()
  await expect(handle(call, work)).rejects.toMatchObject({ name: 'Unavailable' })
  expect(calls).toEqual([])
  taken.release()
  await handle(call, work)
  expect([calls.length, await times([id])]).toEqual([1, [1]])
  await pool.end()
})

test('a handler whose partition is taken over before it commits has no effect, though the new owner waits for its row', async () => {
  const [first, second] = [new Pool({ connectionString: url }), new Pool({ connectionString: url })]
  const [id] = (await newRows('fenced')) as [string]
  const call = attempt()
  let taken: Promise<unknown> | undefined
  const zombie = handling(first)(call, async (transaction) => {
    await count(transaction, id)
    taken = handling(second)(call, (other) => count(other, id))
    await isBlocked(transaction)
  })
  await expect(zombie).rejects.toMatchObject({ name: 'RetryLater', isAttempt: false })
  await taken
  expect(await times([id])).toEqual([1])
  await Promise.all([first.end(), second.end()])
})
