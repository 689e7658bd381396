import { randomUUID } from 'node:crypto'
import type { AttemptCall } from '@holdfast/core'
import { Pool, type PoolClient } from 'pg'
import { expect, inject, test } from 'vitest'
import { traitsOf } from '../../../core/src/pipeline/middleware.ts'
import { inTransaction } from '../../src/transaction/in-transaction.ts'
import { migrateProgress, progressStatements } from '../../src/transaction/tables.ts'

const table = `progress_${randomUUID().replaceAll('-', '')}`
const effects = `${table}_effects`
const [topic, partition] = [`t-${randomUUID()}`, 0]

function attempt(epoch: number): AttemptCall {
  const record = { topic, partition, offset: 0 }
  const fields = { topic, partition, groupId: 'g', epoch, batch: false, records: [record], record, raw: [record] }
  return { ...fields, signal: new AbortController().signal } as unknown as AttemptCall
}

/** A pool whose first transaction has a connection that delivers its note late. */
function delaying(pool: Pool) {
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let clients = 0
  const connect = async () => {
    const client = await pool.connect()
    if (++clients > 1) return client
    const query = async (text: string, values?: unknown[]) => {
      if (text === progressStatements(table).note) {
        asked.resolve()
        await gate.promise
      }
      return client.query(text, values)
    }
    const on = (event: 'error', listener: (error: Error) => void) => client.on(event, listener)
    const off = (event: 'error', listener: (error: Error) => void) => client.off(event, listener)
    return { query, on, off, release: () => client.release() }
  }
  const query = (text: string, values?: unknown[]) => pool.query(text, values)
  return { asked: asked.promise, deliver: gate.resolve, client: { totalCount: 0, query, connect } }
}

test('a note that comes when its record was done by a later attempt of the process, and was forgotten, is refused', async () => {
  const pool = new Pool({ connectionString: inject('databaseUrl') })
  await migrateProgress(pool, table)
  await pool.query(`create table ${effects} (epoch int)`)
  const { client, asked, deliver } = delaying(pool)
  const { middleware, of } = inTransaction<PoolClient>(client, { table })
  const { startsAt, committed } = traitsOf(middleware)
  const handle = async (call: AttemptCall): Promise<unknown> =>
    middleware(call, () => of(call.record).query(`insert into ${effects} values ($1)`, [call.epoch]))
  const first = handle(attempt(1))
  await asked
  // The partition is lost, and comes back to the same process.
  await startsAt?.('g', [{ topic, partition, position: 0, committed: -1 }])
  await handle(attempt(2))
  committed?.('g', { topic, partition }, 1)
  await expect.poll(async () => (await pool.query(`select position from ${table}`)).rows).toEqual([{ position: '1' }])
  deliver()
  await expect(first).rejects.toMatchObject({ name: 'RetryLater', isAttempt: false })
  expect((await pool.query(`select epoch from ${effects}`)).rows).toEqual([{ epoch: 2 }])
  await pool.query(`drop table ${table}, ${table}_done, ${effects}`)
  await pool.end()
})
