import { randomUUID } from 'node:crypto'
import type { AttemptCall } from '@holdfast/core'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { outbox } from '../../src/outbox/outbox.ts'
import { migrate } from '../../src/postgres/migrations.ts'
import { postgresStore } from '../../src/postgres/postgres-store.ts'
import { inTransaction } from '../../src/transaction/in-transaction.ts'
import { migrateProgress, setProgress } from '../../src/transaction/tables.ts'
import { message, OutboxScene, valuesOf } from '../support/outbox-scene.ts'

const url = inject('databaseUrl')
const table = `options_${randomUUID().replaceAll('-', '')}`
const camel = postgres(url, { transform: postgres.camel, max: 1, onnotice: () => undefined })
const pascal = postgres(url, { transform: postgres.pascal, max: 1, onnotice: () => undefined })
const pool = new Pool({ connectionString: url })
const raw = new Pool({ connectionString: url, types: { getTypeParser: () => (text: string) => text } as never })
beforeAll(async () => {
  await migrate(pool, table)
  await migrateProgress(pool, `${table}_progress`)
})
afterAll(async () => {
  await pool.query(`drop table ${table}, ${table}_progress, ${table}_progress_done`)
  await Promise.all([pool.end(), raw.end(), camel.end(), pascal.end()])
})

const CLIENTS = [
  ['columns in camel case', camel],
  ['columns in Pascal case', pascal],
  ['no types', raw],
] as const

test.each(CLIENTS)('a client that has its own options: %s', async (name, client) => {
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

// With Pascal case `postgres` does not know the types of arrays.
test.each(CLIENTS.filter(([, client]) => client !== pascal))(
  'offsets in a transaction of a client that has its own options: %s',
  async (name, client) => {
    const options = { table: `${table}_progress` }
    const topic = `t-${randomUUID()}`
    const record = { topic, partition: 0, offset: 3 }
    const records = { batch: false, records: [record], record, raw: [record] }
    const fields = { topic, partition: 0, groupId: name, epoch: 1, ...records, signal: new AbortController().signal }
    const calls: number[] = []
    for (const process of [1, 2]) {
      const { middleware } = inTransaction(client, options)
      await middleware(fields as unknown as AttemptCall, async () => void calls.push(process))
    }
    expect(calls).toEqual([1])
    expect(await setProgress(client, { groupId: name, topic }, 3, options.table)).toBe(1)
    const { middleware } = inTransaction(client, options)
    await middleware(fields as unknown as AttemptCall, async () => void calls.push(3))
    expect(calls).toEqual([1, 3])
  },
)

test('an outbox over a client that has its own options', async () => {
  await using scene = await OutboxScene.set()
  await scene.outbox.enqueue(scene.pool, [message('1')])
  const written: string[] = []
  const relay = outbox(camel, { table: scene.table }).relay({
    produce: async (records) => void written.push(...valuesOf(records)),
    onError: (error) => void scene.errors.push(error),
  })
  relay.start()
  await expect.poll(() => written).toEqual(['1'])
  await relay.stop()
  expect(scene.errors).toEqual([])
})
