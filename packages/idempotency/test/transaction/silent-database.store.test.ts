import { randomUUID } from 'node:crypto'
import type { AttemptCall } from '@holdfast/core'
import { Pool } from 'pg'
import { afterEach, expect, inject, test, vi } from 'vitest'
import { inTransaction } from '../../src/transaction/in-transaction.ts'
import { migrateProgress } from '../../src/transaction/tables.ts'

afterEach(() => void vi.useRealTimers())

test('a connection that has died without a word does not hold its partition: another one is asked', async () => {
  const pool = new Pool({ connectionString: inject('databaseUrl') })
  const table = `progress_${randomUUID().replaceAll('-', '')}`
  await migrateProgress(pool, table)
  let asked = 0
  const silent = {
    totalCount: 0,
    query: (text: string, values?: unknown[]) =>
      ++asked === 1 ? new Promise<never>(() => undefined) : pool.query(text, values),
    connect: () => pool.connect(),
  }
  const { middleware } = inTransaction(silent, { table })
  const record = { topic: 't', partition: 0, offset: 0 }
  const place = { topic: 't', partition: 0, groupId: 'g', epoch: 1, batch: false }
  const { signal } = new AbortController()
  const call = { ...place, records: [record], record, raw: [record], signal } as unknown as AttemptCall
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const first = Promise.resolve(middleware(call, async () => 'done')).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(await first).toMatchObject({ name: 'Unavailable', dependency: 'postgres' })
  expect(await middleware(call, async () => 'done')).toBe('done')
  vi.useRealTimers()
  await pool.query(`drop table ${table}, ${table}_done`)
  await pool.end()
})
