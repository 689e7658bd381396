import { randomUUID } from 'node:crypto'
import { type Consumer, type ConsumerRecord, createConsumer, on } from '@holdfast/core'
import { fakeBroker } from '@holdfast/testing'
import { Pool, type PoolClient } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { quietLogger } from '../../../kafkajs/test/support/quiet-logger.ts'
import { inTransaction } from '../../src/transaction/in-transaction.ts'
import { migrateProgress, setProgress } from '../../src/transaction/tables.ts'

const table = `progress_${randomUUID().replaceAll('-', '')}`
const pool = new Pool({ connectionString: inject('databaseUrl'), max: 8 })
beforeAll(() => migrateProgress(pool, table))
afterAll(async () => {
  await pool.query(`drop table ${table}, ${table}_done`)
  await pool.end()
})

const untilItWaits = (consumer: Consumer) =>
  expect
    .poll(() => consumer.status().health.reasons.map(({ message }) => message), { timeout: 20_000 })
    .toEqual([expect.stringMatching(/the progress of t\/0.* done up to 10, .* read from 0 on.*setProgress/s)])

/** A group of its own on a topic of one partition, with what its handlers have seen. */
function scene() {
  const groupId = `g-${randomUUID()}`
  const broker = fakeBroker()
  broker.createTopic('t')
  const seen: string[] = []
  let nextValue = 0
  const produce = (count: number): void =>
    void broker.produce(
      't',
      Array.from({ length: count }, () => {
        nextValue += 1
        return { value: String(nextValue) }
      }),
    )
  const committed = (offset: number) =>
    expect.poll(() => broker.committed('t', 0, groupId), { timeout: 20_000 }).toBe(offset)
  return {
    groupId,
    seen,
    produce,
    committed,
    /** Ten records are done; then the topic is another one, with so many. */
    async createdAnew(consumer: Consumer, count: number): Promise<void> {
      produce(10)
      await committed(10)
      broker.recreateTopic('t')
      produce(count)
      await untilItWaits(consumer)
    },
    truncateBefore: (offset: number) => broker.truncateBefore('t', 0, offset),
    start() {
      const consumer = createConsumer({
        driver: broker.driver(),
        groupId,
        delivery: 'exactly-once',
        order: 'partition',
        logger: quietLogger,
        handlers: [on('t', ({ value }: ConsumerRecord) => void seen.push(String(value)))],
        use: [inTransaction<PoolClient>(pool, { table }).middleware],
      })
      const run = consumer.run()
      return {
        consumer,
        async [Symbol.asyncDispose]() {
          await consumer.stop()
          await run
        },
      }
    },
  }
}

test('a topic that is created anew waits, also when its log has grown past the position, until somebody says what is done', async () => {
  const { groupId, seen, produce, committed, start, createdAnew } = scene()
  {
    await using first = start()
    await createdAnew(first.consumer, 4)
  }
  produce(20)
  expect(seen).toHaveLength(10)
  await using next = start()
  await untilItWaits(next.consumer)
  expect(seen).toHaveLength(10)
  expect(await setProgress(pool, { groupId, topic: 't' }, 0, table)).toBe(1)
  await committed(24)
  expect(seen).toEqual(Array.from({ length: 34 }, (_, index) => String(index + 1)))
  expect(next.consumer.status().health.status).toBe('healthy')
})

test('where a log has lost its end, what is left of it is not handled again', async () => {
  const { groupId, seen, committed, start, createdAnew } = scene()
  await using running = start()
  await createdAnew(running.consumer, 9)
  expect(await setProgress(pool, { groupId, topic: 't', partition: 0 }, 7, table)).toBe(1)
  await committed(9)
  expect(seen.slice(10)).toEqual(['18', '19'])
})

test('a log whose beginning is gone waits for nobody', async () => {
  const { seen, produce, committed, start, truncateBefore } = scene()
  {
    await using _first = start()
    produce(3)
    await committed(3)
  }
  produce(7)
  truncateBefore(8)
  await using _next = start()
  await committed(10)
  expect(seen).toEqual(['1', '2', '3', '9', '10'])
})

test('setProgress names what is no offset, and says how many partitions there are', async () => {
  await expect(setProgress(pool, { groupId: 'g', topic: 't' }, -1, table)).rejects.toMatchObject({
    code: 'HF_OPTION_INVALID',
  })
  expect(await setProgress(pool, { groupId: 'nobody', topic: 't' }, 0, table)).toBe(0)
})
