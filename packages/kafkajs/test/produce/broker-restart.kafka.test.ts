import { HoldfastError, on } from '@holdfast/core'
import { kafka } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { resolveKafkajsOptions } from '../../src/options.ts'
import { RecordProducer } from '../../src/produce/record-producer.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

test('while its broker is down nothing is written and the error says so; when it is back the same producer, and consumer, go on', async () => {
  await using broker = await kafka({ env: { ...process.env, KAFKA_BROKERS: '' } })
  await using cluster = await TestCluster.connect(broker.brokers)
  const [topic, deadLetterTopic] = [await cluster.createTopic(1), await cluster.createTopic(1)]
  const other = await cluster.createTopic(1)
  const consumer = testConsumer(broker.brokers, {
    groupId: topic,
    deadLetterTopic,
    maxAttempts: 1,
    retryBackoffMs: 100,
    retryBackoffMaxMs: 1_000,
    handlers: [
      on(topic, () => {
        throw new Error('no')
      }),
    ],
  })
  const producer = new RecordProducer(resolveKafkajsOptions({ brokers: broker.brokers }), quietLogger)
  const write = (value: string): Promise<void> =>
    producer.produce([{ topic: other, key: null, value: Buffer.from(value), headers: [] }])
  await whileRunning(consumer, async () => {
    await cluster.produceNumbers(topic, 1, 1)
    await until(
      'a dead letter',
      () => cluster.logEnds(deadLetterTopic),
      ([end]) => end === 1,
    )
    await write('before')
    await broker.kill()
    const begunMs = performance.now()
    const error = await write('meanwhile').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toMatchObject({ code: 'HF_BROKER_UNREACHABLE', retryable: true, details: { topic: other } })
    expect(performance.now() - begunMs).toBeLessThan(31_000)
    await broker.start()
    await until(
      'a record written again',
      () =>
        write('after').then(
          () => true,
          () => false,
        ),
      (isWritten) => isWritten,
    )
    await cluster.produceNumbers(topic, 1, 1)
    await until(
      'another dead letter',
      () => cluster.logEnds(deadLetterTopic),
      ([end]) => end === 2,
      45_000,
    )
  })
  await producer.stop()
}, 90_000)
