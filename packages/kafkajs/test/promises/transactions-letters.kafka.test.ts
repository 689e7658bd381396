import { type ConsumerEvents, type ConsumerOptions, on, peekDeadLetters } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { kafkajs } from '../../src/index.ts'
import { readCommitted, replace, tellCopyStory } from '../support/copy-story.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const RECORDS = process.env.NIGHTLY === undefined ? 4_500 : 22_500
const ON = { delivery: 'exactly-once', transactions: true, maxAttempts: 1 } as const

test('copiers are killed at 20, 40 and 60 %: every record is copied once, or has one letter', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const deadLetterTopic = await cluster.createTopic(2)
  const kill = (share: number, index: number) => ({
    share,
    happens: (copiers: Parameters<typeof replace>[0], start: Parameters<typeof replace>[2]) =>
      replace(copiers, index, start),
  })
  const values = await tellCopyStory(cluster, {
    delivery: 'exactly-once',
    ...{ batch: 300, handlerMs: 100, records: RECORDS, poison: '7', deadLetterTopic },
    moments: [kill(0.2, 0), kill(0.4, 1), kill(0.6, 0)],
  })
  const letters = await readCommitted(cluster, deadLetterTopic)
  const numbers = Array.from({ length: RECORDS }, (_, number) => String(number))
  const isDead = (value: string): boolean => value.endsWith('7')
  const inOrder = (texts: readonly string[]): string[] => texts.toSorted((one, other) => Number(one) - Number(other))
  expect(inOrder(letters)).toEqual(numbers.filter(isDead))
  expect(inOrder(values)).toEqual(numbers.filter((value) => !isDead(value)))
}, 120_000)

/** Copies what does not end with `7`; the rest dies. */
function copier(cluster: TestCluster, input: string, output: string, options: Partial<ConsumerOptions>) {
  return testConsumer(cluster.brokers, {
    groupId: input,
    ...ON,
    retryBackoffMs: 100,
    retryBackoffMaxMs: 500,
    commitInterval: { records: 50, ms: 20 },
    handlers: [
      on(input, ({ key, value }, { produce }) => {
        produce({ topic: output, key, value })
        if (String(value).endsWith('7')) throw new Error('no')
      }),
    ],
    ...options,
  })
}

const committed = (cluster: TestCluster, input: string, offset: number): Promise<unknown> =>
  until(
    `offset ${offset}`,
    () => cluster.committed(input, input),
    ([known]) => known === offset,
  )

describe('a dead-letter topic', () => {
  test('that is deleted holds back its record and nothing before it; when it is back all goes on without a restart', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [input, output, deadLetterTopic] = [
      await cluster.createTopic(1),
      await cluster.createTopic(1),
      await cluster.createTopic(1),
    ]
    const consumer = copier(cluster, input, output, { deadLetterTopic })
    const failures: ConsumerEvents['deadletter:failed'][] = []
    consumer.on('deadletter:failed', (event) => failures.push(event))
    const joined = Promise.withResolvers<void>()
    consumer.on('group:joined', () => joined.resolve())
    await whileRunning(consumer, async () => {
      await joined.promise
      await cluster.deleteTopic(deadLetterTopic)
      await cluster.produceNumbers(input, 20, 1)
      await committed(cluster, input, 7)
      expect(failures[0]?.error).toMatchObject({ code: 'HF_DEAD_LETTER_FAILED', cause: { code: 'HF_TOPIC_MISSING' } })
      expect(consumer.status().health.reasons).toMatchObject([{ code: 'dead-letter-failing' }])
      await cluster.createTopic(1, deadLetterTopic)
      await committed(cluster, input, 20)
      await until(
        'its health',
        () => consumer.status(),
        ({ dead, health }) => dead === 2 && health.status === 'healthy',
      )
    })
    expect(await readCommitted(cluster, deadLetterTopic)).toEqual(['7', '17'])
    expect(await readCommitted(cluster, output)).toHaveLength(18)
  }, 60_000)

  test('that takes only small records gets many of them, and less of a large one', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [input, output, deadLetterTopic] = [
      await cluster.createTopic(1),
      await cluster.createTopic(1),
      await cluster.createTopic(1, undefined, { 'max.message.bytes': '2000' }),
    ]
    const values = [...Array.from({ length: 40 }, (_, number) => `${number}-7`), `${'x'.repeat(8_000)}7`, 'healthy']
    const consumer = copier(cluster, input, output, { deadLetterTopic })
    const failures: unknown[] = []
    consumer.on('deadletter:failed', (event) => failures.push(event))
    await whileRunning(consumer, async () => {
      await cluster.produce(
        input,
        values.map((value) => ({ value })),
      )
      await committed(cluster, input, values.length)
    })
    const source = { driver: kafkajs({ brokers: cluster.brokers }), topic: deadLetterTopic, logger: quietLogger }
    const letters = await peekDeadLetters({ ...source, maximum: 100 })
    expect(letters.map(({ value }) => value?.length)).toEqual([
      ...values.slice(0, 40).map(({ length }) => length),
      1_000,
    ])
    expect(await readCommitted(cluster, output)).toEqual(['healthy'])
    expect(failures).toEqual([])
  }, 60_000)
})
