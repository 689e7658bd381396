import { PGlite } from '@electric-sql/pglite'
import { on } from '@holdfast/core'
import { createProducer } from '@holdfast/kafkajs'
import { expect, inject, test } from 'vitest'
import { TestCluster } from '../../../kafkajs/test/support/test-cluster.ts'
import { testConsumer, whileRunning } from '../../../kafkajs/test/support/test-consumer.ts'
import { until } from '../../../kafkajs/test/support/until.ts'
import { memoryStore } from '../../src/memory/memory-store.ts'
import { idempotent } from '../../src/middleware/idempotent.ts'
import { migrate } from '../../src/outbox/migrations.ts'
import { outbox } from '../../src/outbox/outbox.ts'

test('messages that were written twice reach a handler once and in order, by their ids', async () => {
  const brokers = inject('kafkaBrokers')
  await using cluster = await TestCluster.connect(brokers)
  await using producer = createProducer({ brokers })
  const topic = await cluster.createTopic(1)
  const database = new PGlite()
  await migrate(database)
  const box = outbox(database)
  const numbers = Array.from({ length: 20 }, (_, at) => String(at))
  for (const number of numbers)
    await database.transaction((transaction) =>
      box.enqueue(transaction, [{ topic, key: Buffer.from('k'), value: Buffer.from(number), headers: [] }]),
    )
  let writes = 0
  await using relay = box.relay({
    produce: async (records) => {
      await producer.produce(records)
      writes += 1
      if (writes === 1) throw new Error('the answer got lost')
    },
    onError: () => undefined,
    retryBackoffMs: 10,
    pollIntervalMs: 20,
  })
  relay.start()
  const values: string[] = []
  const once = idempotent({ store: memoryStore(), key: { header: 'holdfast-outbox-id' } })
  const handler = on(topic, { use: [once] }, ({ value }) => void values.push(String(value)))
  await whileRunning(testConsumer(brokers, { groupId: topic, handlers: [handler] }), async () => {
    await until(
      'all written',
      () => relay.relayed,
      (count) => count === numbers.length,
    )
    const [end] = await cluster.logEnds(topic)
    expect(end).toBe(2 * numbers.length)
    await until(
      'all settled',
      () => cluster.committed(topic, topic),
      ([offset]) => offset === end,
    )
  })
  expect(values).toEqual(numbers)
  await relay.stop()
  await database.close()
})
