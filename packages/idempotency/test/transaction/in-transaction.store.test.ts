import { randomUUID } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import type { AttemptCall, Middleware, Narrowing } from '@holdfast/core'
import { Pool, type PoolClient } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { until } from '../../../kafkajs/test/support/until.ts'
import { type PostgresClient, queriesOf } from '../../src/postgres/postgres-client.ts'
import type { TransactionClient } from '../../src/postgres/transactions.ts'
import { type InTransaction, inTransaction } from '../../src/transaction/in-transaction.ts'
import { migrateProgress } from '../../src/transaction/tables.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'

const url = inject('databaseUrl')
const table = `progress_${randomUUID().replaceAll('-', '')}`
const pool = new Pool({ connectionString: url, max: 8 })
const prepare = async (client: PostgresClient): Promise<void> => {
  await migrateProgress(client, table)
  await queriesOf(client)(`create table ${table}_effects (id text)`)
}
beforeAll(() => prepare(pool))
afterAll(async () => {
  await pool.query(`drop table ${table}, ${table}_done, ${table}_effects`)
  await pool.end()
})

interface Asked {
  readonly offsets?: readonly number[]
  readonly epoch?: number
  readonly batch?: boolean
  readonly signal?: AbortSignal
}

/** An attempt at records of a partition of the topic. */
function attemptAt(topic: string, { offsets = [0], epoch = 1, batch = false, signal }: Asked = {}): AttemptCall {
  const records = offsets.map((offset) => ({ topic, partition: 0, offset, value: String(offset) }))
  const fields = { topic, partition: 0, groupId: 'g', epoch, batch, records, record: records[0], raw: records }
  return { ...fields, signal: signal ?? new AbortController().signal } as unknown as AttemptCall
}

/** Puts a row in the transaction of each record, as a handler does. */
function effectOf(
  { of }: InTransaction<PostgresClient>,
  call: AttemptCall,
  { calls = [], end }: { readonly calls?: string[]; readonly end?: () => unknown } = {},
) {
  return async (inside?: Narrowing): Promise<unknown> => {
    const records = inside?.records ?? call.records
    for (const record of records) {
      calls.push(`${record.topic}@${record.offset}`)
      await queriesOf(of(record))(`insert into ${table}_effects values ($1)`, [`${record.topic}@${record.offset}`])
    }
    return end?.()
  }
}

const effects = async (topic: string, client: PostgresClient = pool): Promise<string[]> => {
  const rows = await queriesOf(client)(`select id from ${table}_effects where id like $1 order by id`, [`${topic}@%`])
  return rows.map(({ id }) => String(id))
}
const run = (middleware: Middleware, call: AttemptCall, next: (inside?: Narrowing) => Promise<unknown>) =>
  Promise.resolve(middleware(call, next))
const newTopic = (): string => `t-${randomUUID()}`

describe.each<[string, () => Promise<readonly [TransactionClient & PostgresClient, () => unknown]>]>([
  ['pg', async () => [pool, () => undefined]],
  [
    'postgres',
    async () => {
      const sql = postgres(url, { onnotice: () => undefined })
      return [sql, () => sql.end()]
    },
  ],
  [
    'PGlite',
    async () => {
      const lite = new PGlite()
      await prepare(lite)
      return [lite, () => lite.close()]
    },
  ],
])('with %s', (_name, connect) => {
  test('effect and note are committed together, and a repeat has no effect', async () => {
    const [client, close] = await connect()
    const [topic, calls] = [newTopic(), [] as string[]]
    const transactions = inTransaction(client, { table })
    const call = attemptAt(topic)
    const refused = effectOf(transactions, call, { end: () => Promise.reject(new Error('no')) })
    await expect(run(transactions.middleware, call, refused)).rejects.toThrow('no')
    expect(await effects(topic, client)).toEqual([])
    await run(transactions.middleware, call, effectOf(transactions, call, { calls }))
    expect(await effects(topic, client)).toEqual([`${topic}@0`])
    const later = inTransaction(client, { table })
    await run(later.middleware, call, effectOf(later, call, { calls }))
    expect(calls).toEqual([`${topic}@0`])
    await close()
  })
})

test('who has lost its partition cannot commit: its transaction ends without effect', async () => {
  const topic = newTopic()
  const [first, second] = [inTransaction(pool, { table }), inTransaction(pool, { table })]
  const [mine, theirs] = [attemptAt(topic), attemptAt(topic)]
  const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const zombie = run(
    first.middleware,
    mine,
    effectOf(first, mine, {
      end: () => {
        entered.resolve()
        return gate.promise
      },
    }),
  )
  await entered.promise
  await run(second.middleware, theirs, effectOf(second, theirs))
  gate.resolve()
  await expect(zombie).rejects.toMatchObject({ name: 'RetryLater', isAttempt: false })
  expect(await effects(topic)).toEqual([`${topic}@0`])
})

test('two attempts of one process at a record: one of them has its effect', async () => {
  const topic = newTopic()
  const transactions = inTransaction(pool, { table })
  const attempts = [attemptAt(topic), attemptAt(topic)].map((call) =>
    run(transactions.middleware, call, effectOf(transactions, call)).then(
      () => 'done',
      (error: unknown) => (error as Error).name,
    ),
  )
  expect((await Promise.all(attempts)).sort()).toEqual(['RetryLater', 'done'])
  expect(await effects(topic)).toEqual([`${topic}@0`])
})

test('a commit without an answer is looked up, and the handler is not called again', async () => {
  await using proxy = await CuttingProxy.before(url)
  const { port } = proxy
  const cut = new Pool({ connectionString: url.replace(/@[^/]*/, `@127.0.0.1:${port}`), max: 2 })
  cut.on('error', () => undefined)
  const [topic, calls] = [newTopic(), [] as string[]]
  const cutting = {
    totalCount: 0,
    query: (text: string, values?: unknown[]) => cut.query(text, values),
    connect: async () => {
      const client: PoolClient = await cut.connect()
      return {
        on: (event: 'error', listener: (error: Error) => void) => client.on(event, listener),
        off: (event: 'error', listener: (error: Error) => void) => client.off(event, listener),
        query: (text: string, values?: unknown[]) => {
          proxy.isArmed = text === 'commit' && calls.length === 1
          return client.query(text, values)
        },
        release: (error?: Error | boolean) => client.release(error ?? true),
      }
    },
  }
  const transactions = inTransaction(cutting, { table })
  const call = attemptAt(topic)
  await expect(run(transactions.middleware, call, effectOf(transactions, call, { calls }))).rejects.toMatchObject({
    name: 'Unavailable',
  })
  await run(transactions.middleware, call, effectOf(transactions, call, { calls }))
  expect([calls, await effects(topic)]).toEqual([[`${topic}@0`], [`${topic}@0`]])
  await cut.end()
})

test('of a batch what is done is left out, the rest is one transaction, and one failure is that of all', async () => {
  const [topic, calls] = [newTopic(), [] as string[]]
  const before = inTransaction(pool, { table })
  const single = attemptAt(topic, { offsets: [1] })
  await run(before.middleware, single, effectOf(before, single))
  const transactions = inTransaction(pool, { table })
  const call = attemptAt(topic, { offsets: [0, 1, 2], batch: true })
  const failing = effectOf(transactions, call, { end: () => [undefined, new Error('no')] })
  await expect(run(transactions.middleware, call, failing)).rejects.toThrow('no')
  expect(await effects(topic)).toEqual([`${topic}@1`])
  await run(transactions.middleware, call, effectOf(transactions, call, { calls }))
  expect(calls).toEqual([`${topic}@0`, `${topic}@2`])
  expect(await effects(topic)).toEqual([`${topic}@0`, `${topic}@1`, `${topic}@2`])
})

test('an attempt that was told to end has no effect', async () => {
  const topic = newTopic()
  const transactions = inTransaction(pool, { table })
  const controller = new AbortController()
  const call = attemptAt(topic, { signal: controller.signal })
  const ended = effectOf(transactions, call, { end: () => controller.abort(new Error('revoked')) })
  await expect(run(transactions.middleware, call, ended)).rejects.toThrow('revoked')
  expect(await effects(topic)).toEqual([])
})

test('a connection that dies while a handler does something else fails the attempt, and nothing more', async () => {
  const topic = newTopic()
  const transactions = inTransaction(pool, { table })
  const call = attemptAt(topic)
  const dying = async (): Promise<void> => {
    const [row] = await queriesOf(transactions.of(call.record))('select pg_backend_pid() as pid')
    await pool.query('select pg_terminate_backend($1)', [row?.pid])
    await until(
      'the end of the session',
      () => pool.query('select 1 from pg_stat_activity where pid = $1', [row?.pid]),
      ({ rows }) => rows.length === 0,
    )
  }
  await expect(run(transactions.middleware, call, dying)).rejects.toMatchObject({ name: 'Unavailable' })
  await run(transactions.middleware, call, effectOf(transactions, call))
  expect(await effects(topic)).toEqual([`${topic}@0`])
})

test('no database, no call of the handler', async () => {
  const gone = new Pool({ connectionString: 'postgres://u@127.0.0.1:1/d' })
  const [call, calls] = [attemptAt('t'), [] as string[]]
  const transactions = inTransaction(gone, { table })
  await expect(run(transactions.middleware, call, effectOf(transactions, call, { calls }))).rejects.toMatchObject({
    name: 'Unavailable',
  })
  expect(calls).toEqual([])
  await gone.end()
})

test('what is given to it has transactions, and a record is being handled', () => {
  expect(() => inTransaction({ query: () => undefined } as never)).toThrow(/begins transactions of its own/)
  expect(() => inTransaction(pool, { table: 'a;b' })).toThrow(/table = "a;b"/)
  expect(() => inTransaction(pool, { table }).of({})).toThrow(/is not being handled/)
})
