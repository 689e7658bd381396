import { openSync, writeFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConsumerRecord, createConsumer, on } from '@holdfast/core'
import { kafkajs } from '@holdfast/kafkajs'
import { Pool, type PoolClient } from 'pg'
import { createClient } from 'redis'
import { quietLogger } from '../../../kafkajs/test/support/quiet-logger.ts'
import { claimOf } from '../../src/middleware/held.ts'
import { idempotent } from '../../src/middleware/idempotent.ts'
import { postgresStore } from '../../src/postgres/postgres-store.ts'
import { redisStore } from '../../src/redis/redis-store.ts'
import type { IdempotencyStore } from '../../src/store.ts'
import { inTransaction } from '../../src/transaction/in-transaction.ts'

/** What a worker process is told on its command line. */
export interface WorkerSettings {
  readonly name: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly groupId: string
  /** Where each effect is a line: id and worker. */
  readonly effects: string
  /** Where a process that dies at an effect says, a line each, of which ones the store may not know. */
  readonly unwritten: string
  /** `transaction`: the effect is a row of the table's `_effects`, in the transaction of the record. */
  readonly store: 'none' | 'redis' | 'postgres' | 'transaction'
  readonly redisUrl: string
  readonly databaseUrl: string
  readonly table: string
  readonly leaseMs: number
  readonly handlerMs: number
  /** Of `slow`, in place of `handlerMs`. */
  readonly slowMs?: number
  readonly slow?: readonly string[]
  /** The value at whose effect the process kills itself, before anything can be told. */
  readonly diesAtEffectOf?: string
  /** The effect goes to a table that refuses tokens lower than it has seen, and not to the file. */
  readonly isFenced?: boolean
}

/** Keys and ids of effects that are made and of which the store does not know yet. A kill here repeats them, whatever the store. */
const unwritten = new Map<string, string>()

function noting(store: IdempotencyStore): IdempotencyStore {
  return {
    name: store.name,
    check: (warn) => store.check?.(warn) ?? Promise.resolve(),
    claim: (requests) => store.claim(requests),
    renew: (renewals) => store.renew(renewals),
    release: (claims) => store.release(claims),
    async complete(completions) {
      const results = await store.complete(completions)
      for (const { key } of completions) unwritten.delete(key)
      return results
    },
  }
}

async function main(settings: WorkerSettings): Promise<void> {
  const { name, brokers, topic, groupId, leaseMs } = settings
  const file = openSync(settings.effects, 'a')
  const redis = settings.store === 'redis' ? await createClient({ url: settings.redisUrl }).connect() : undefined
  const pool =
    settings.store === 'postgres' || settings.store === 'transaction' || settings.isFenced
      ? new Pool({ connectionString: settings.databaseUrl, max: 4 })
      : undefined
  const store = redis ? redisStore(redis) : pool && postgresStore(pool, { table: settings.table, cleanUp: false })
  const transactions = pool && inTransaction<PoolClient>(pool, { table: `${settings.table}_progress` })
  const once =
    settings.store === 'transaction' && transactions !== undefined
      ? [transactions.middleware]
      : store === undefined || settings.store === 'none'
        ? []
        : [idempotent({ store: noting(store), leaseMs, key: ({ value }) => value as Uint8Array })]

  const effect = async (record: ConsumerRecord): Promise<void> => {
    const id = String(record.value)
    if (settings.store === 'transaction') {
      await transactions?.of(record).query(`insert into ${settings.table}_effects values ($1, $2)`, [id, name])
      return
    }
    const claim = claimOf(record)
    if (settings.isFenced && pool !== undefined) {
      const made = await pool.query(fenced(settings.table), [id, claim?.token ?? 0, name])
      process.send?.({ effect: { id, isMade: made.rows[0].made } })
      return
    }
    if (claim !== undefined) unwritten.set(claim.key, id)
    writeSync(file, `${id} ${name}\n`)
    if (id !== settings.diesAtEffectOf) return
    writeFileSync(settings.unwritten, [...unwritten.values()].join('\n'))
    process.kill(process.pid, 'SIGKILL')
  }
  const consumer = createConsumer({
    driver: kafkajs({ brokers }),
    groupId,
    groupInstanceId: name,
    delivery: once.length > 0 ? 'exactly-once' : 'at-least-once',
    logger: quietLogger,
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 200,
    fetchMaxWaitMs: 100,
    maxPollRecords: 50,
    commitInterval: { records: 40, ms: 100 },
    handlers: [
      on(topic, { use: once }, async (record: ConsumerRecord) => {
        const isSlow = settings.slow?.includes(String(record.value)) ?? false
        process.send?.({ begun: String(record.value) })
        await sleep(isSlow ? settings.slowMs : settings.handlerMs)
        await effect(record)
      }),
    ],
  })
  consumer.on('group:joined', ({ partitions }) =>
    process.send?.({
      joined: partitions.map(({ partition }) => partition),
      from: consumer.status().partitions.reduce((sum, { committable }) => sum + committable, 0),
    }),
  )
  consumer.on('attempt:failed', ({ error }) => process.send?.({ failed: codeOf(error) }))
  process.on('message', (message) => {
    if (message === 'die') dieOutsideOfWindows()
  })
  await consumer.runUntilSignal()
  await pool?.end()
  await redis?.close()
  process.disconnect?.()
}

/** At this very moment, unless an effect is made of which the store does not know yet. */
function dieOutsideOfWindows(): void {
  if (unwritten.size === 0) process.kill(process.pid, 'SIGKILL')
  else setImmediate(dieOutsideOfWindows)
}

function codeOf(error: unknown): string {
  const { cause } = error as Error
  return (cause as { code?: string } | undefined)?.code ?? String(error)
}

/** One statement: the effect is made where no higher token has been seen. */
function fenced(table: string): string {
  return `with fence as (
  insert into ${table}_fences (id, token) values ($1, $2)
  on conflict (id) do update set token = excluded.token where ${table}_fences.token <= excluded.token returning 1
), made as (insert into ${table}_effects (id, worker) select $1, $3 from fence returning 1)
select exists (select 1 from made) as made`
}

await main(JSON.parse(process.argv[2] as string) as WorkerSettings)
