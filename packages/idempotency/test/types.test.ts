import type { PGlite, Transaction } from '@electric-sql/pglite'
import { type ConsumerRecord, on } from '@holdfast/core'
import type { Client, Pool, PoolClient } from 'pg'
import type { Sql, TransactionSql } from 'postgres'
import { expectTypeOf, test } from 'vitest'
import { claimOf, idempotent } from '../src/index.ts'
import { memoryStore } from '../src/memory/memory-store.ts'
import type { PostgresClient } from '../src/postgres/postgres-client.ts'
import { type InTransaction, inTransaction } from '../src/transaction/in-transaction.ts'

const store = memoryStore()

test('functions of the options see the record that they are written for', () => {
  const once = idempotent<{ id: string }>({
    store,
    key: (record) => {
      expectTypeOf(record).toEqualTypeOf<ConsumerRecord<{ id: string }, unknown, unknown>>()
      return record.value.id
    },
    tenant: ({ value }) => value.id,
    fingerprint: ({ value }) => value.id,
  })
  on('t', { value: (bytes) => ({ id: String(bytes) }), use: [once] }, (record) => {
    expectTypeOf(record.value).toEqualTypeOf<{ id: string }>()
    expectTypeOf(claimOf(record)?.token).toEqualTypeOf<number | undefined>()
  })
  const refused = (): unknown[] => [
    // @ts-expect-error a number is no key
    idempotent<{ n: number }>({ store, key: ({ value }) => value.n }),
    // @ts-expect-error there is no such source
    idempotent({ store, key: 'value' }),
  ]
  expectTypeOf(refused).toBeFunction()
})

test('a transaction has the type of the client that it is of', () => {
  const [pool, sql, lite] = [{} as Pool, {} as Sql, {} as PGlite]
  const make = () => {
    const ofPool = inTransaction<PoolClient>(pool)
    expectTypeOf(ofPool.of).returns.toEqualTypeOf<PoolClient>()
    expectTypeOf(inTransaction<TransactionSql>(sql).of).returns.toEqualTypeOf<TransactionSql>()
    expectTypeOf(inTransaction<Transaction>(lite, { table: 'progress' }).of).returns.toEqualTypeOf<Transaction>()
    expectTypeOf(inTransaction(pool)).toEqualTypeOf<InTransaction<PostgresClient>>()
    on('t', { value: () => ({ id: 'a' }), use: [ofPool.middleware] }, async (record) => {
      expectTypeOf(record.value).toEqualTypeOf<{ id: string }>()
      await ofPool.of(record).query('select 1')
    })
    on('t', { batch: true, use: [ofPool.middleware] }, ([first]) => void (first && ofPool.of(first).query('select 1')))
  }
  const refused = (client: Client, connected: PoolClient, transaction: TransactionSql): unknown[] => [
    // @ts-expect-error transactions of others would run into those of one client
    inTransaction(client),
    // @ts-expect-error nor has a client of a pool transactions of its own
    inTransaction(connected),
    // @ts-expect-error a transaction begins none beside it
    inTransaction(transaction),
    // @ts-expect-error a pool has to be made first
    inTransaction('postgres://localhost/orders'),
    // @ts-expect-error there is no such option
    inTransaction(pool, { tables: 'progress' }),
    // @ts-expect-error a table is named by a text
    inTransaction(pool, { table: 1 }),
    // @ts-expect-error an offset names no record that is being handled
    inTransaction(pool).of(7),
  ]
  expectTypeOf(make).toBeFunction()
  expectTypeOf(refused).toBeFunction()
})
