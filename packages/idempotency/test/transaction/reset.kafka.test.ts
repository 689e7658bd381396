import { type ConsumerRecord, on } from '@holdfast/core'
import { postgres } from '@holdfast/testing'
import { Pool, type PoolClient } from 'pg'
import { expect, inject, test } from 'vitest'
import { TestCluster } from '../../../kafkajs/test/support/test-cluster.ts'
import { testConsumer, whileRunning } from '../../../kafkajs/test/support/test-consumer.ts'
import { until } from '../../../kafkajs/test/support/until.ts'
import { inTransaction } from '../../src/transaction/in-transaction.ts'
import { migrateProgress, setProgress } from '../../src/transaction/tables.ts'

test('a topic that is deleted and created anew while it is consumed: nothing of it is taken for done', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  await using server = await postgres({ log: () => undefined })
  const pool = new Pool({ connectionString: server.url })
  const topic = await cluster.createTopic()
  const table = `progress_${topic.replaceAll('-', '')}`
  await migrateProgress(pool, table)
  const seen: string[] = []
  const consumer = testConsumer(cluster.brokers, {
    groupId: topic,
    delivery: 'exactly-once',
    handlers: [on(topic, ({ value }: ConsumerRecord) => void seen.push(String(value)))],
    use: [inTransaction<PoolClient>(pool, { table }).middleware],
  })
  const produce = (...values: string[]): Promise<void> =>
    cluster.produce(
      topic,
      values.map((value) => ({ value })),
    )
  const position = async (): Promise<number> =>
    Number((await pool.query(`select position from ${table} where topic = $1`, [topic])).rows[0]?.position)
  try {
    await produce('a', 'b', 'c')
    await whileRunning(consumer, async () => {
      await until('the position in the database', position, (at) => at === 3)
      await cluster.deleteTopic(topic)
      await cluster.createTopic(1, topic)
      await produce('d', 'e')
      await until(
        'a partition that waits',
        () => consumer.status().health.reasons.map(({ message }) => message),
        (messages) => messages.some((message) => message.includes('HF_PROGRESS_CONFLICT')),
      )
      expect(seen).toEqual(['a', 'b', 'c'])
      expect(await setProgress(pool, { groupId: topic, topic }, 0, table)).toBe(1)
      await until(
        'the new records',
        () => seen,
        ({ length }) => length === 5,
      )
      await until('their position', position, (at) => at === 2)
      expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'])
    })
  } finally {
    await pool.query(`drop table ${table}, ${table}_done`)
    await pool.end()
  }
})
