import { type HoldfastError, type OutgoingRecord, on } from '@holdfast/core'
import { kafka } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { resolveKafkajsOptions } from '../../src/options.ts'
import { RecordProducer } from '../../src/produce/record-producer.ts'
import { readCommitted } from '../support/copy-story.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const TOPIC_RESOURCE = 2
const LITERAL = 3
const ALL = 2
const WRITE = 4
const DENY = 2
const ALLOW = 3

test('a read-only topic is named with the right that is missing, and holds dead letters back until it is given, of transactions too', async () => {
  await using broker = await kafka({
    env: { ...process.env, KAFKA_BROKERS: '' },
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
    },
  })
  await using cluster = await TestCluster.connect(broker.brokers)
  const [topic, deadLetterTopic] = [await cluster.createTopic(1), await cluster.createTopic(1)]
  const [input, output] = [await cluster.createTopic(1), await cluster.createTopic(1)]
  const rule = (operation: number, permissionType: number) => ({
    resourceType: TOPIC_RESOURCE,
    resourceName: deadLetterTopic,
    resourcePatternType: LITERAL,
    principal: 'User:ANONYMOUS',
    host: '*',
    operation,
    permissionType,
  })
  // A topic with any rule is closed to what has none.
  await cluster.admin.createAcls({ acl: [rule(ALL, ALLOW), rule(WRITE, DENY)] })
  const producer = new RecordProducer(resolveKafkajsOptions({ brokers: broker.brokers }), quietLogger)
  const record: OutgoingRecord = { topic: deadLetterTopic, key: null, value: null, headers: [] }
  const error = (await until(
    'the refusal',
    () => producer.produce([record]).catch((reason: unknown) => reason as HoldfastError),
    (reason) => reason instanceof Error,
  )) as HoldfastError
  expect(error).toMatchObject({ code: 'HF_AUTH_FAILED', retryable: false, details: { topic: deadLetterTopic } })
  expect(error.message).toMatch(new RegExp(`may not write to ${deadLetterTopic}.*WRITE`, 's'))
  await producer.stop()
  const [before] = await cluster.logEnds(deadLetterTopic)
  const settings = { deadLetterTopic, maxAttempts: 1, retryBackoffMs: 50, retryBackoffMaxMs: 500 }
  const consumer = testConsumer(broker.brokers, {
    groupId: topic,
    ...settings,
    handlers: [
      on(topic, () => {
        throw new Error('no')
      }),
    ],
  })
  const transactional = testConsumer(broker.brokers, {
    groupId: input,
    ...settings,
    ...{ delivery: 'exactly-once', transactions: true },
    handlers: [
      on(input, ({ value }, { produce }) => {
        if (String(value) === '1') throw new Error('no')
        produce({ topic: output, value })
      }),
    ],
  })
  const causes: unknown[][] = [consumer, transactional].map((each) => {
    const found: unknown[] = []
    each.on('deadletter:failed', ({ error: { cause } }) => void found.push(cause))
    return found
  })
  const committed = (of: string, offset: number): Promise<unknown> =>
    until(
      `offset ${offset} of ${of}`,
      () => cluster.committed(of, of),
      ([known]) => known === offset,
    )
  await whileRunning(consumer, () =>
    whileRunning(transactional, async () => {
      await cluster.produceNumbers(topic, 1, 1)
      await cluster.produceNumbers(input, 3, 1)
      await until(
        'refused dead letters',
        () => causes.map(({ length }) => length),
        (counts) => counts.every((count) => count > 1),
      )
      for (const found of causes) expect(found[0]).toMatchObject({ code: 'HF_AUTH_FAILED' })
      await committed(input, 1)
      expect(await cluster.logEnds(deadLetterTopic)).toEqual([before])
      await cluster.admin.deleteAcls({ filters: [rule(WRITE, DENY)] })
      await committed(topic, 1)
      await committed(input, 3)
    }),
  )
  // One of them with the mark of its transaction.
  expect(await cluster.logEnds(deadLetterTopic)).toEqual([Number(before) + 3])
  expect(await readCommitted(cluster, output)).toEqual(['0', '2'])
}, 90_000)

// It brings up a cluster of its own, of three brokers.
test.runIf(process.env.NIGHTLY !== undefined)(
  'a topic without a leader fails in a stated time, and is written to when it has one',
  async () => {
    await using broker = await kafka({ brokers: 3, env: { ...process.env, KAFKA_BROKERS: '', HOLDFAST_KAFKA: 'jvm' } })
    await using cluster = await TestCluster.connect(broker.brokers)
    // One replica; broker 1 is the controller.
    const topic = await cluster.createTopic(4)
    const { topics } = await cluster.admin.fetchTopicMetadata({ topics: [topic] })
    const partition = topics[0]?.partitions.find(({ leader }) => leader === 2)?.partitionId ?? 0
    const producer = new RecordProducer(resolveKafkajsOptions({ brokers: broker.brokers }), quietLogger)
    const write = (): Promise<void> =>
      producer.produce([{ topic, partition, key: null, value: Buffer.from('v'), headers: [] }])
    await write()
    await broker.kill(2)
    const begunMs = performance.now()
    await expect(write()).rejects.toMatchObject({ retryable: true, details: { topic } })
    expect(performance.now() - begunMs).toBeLessThan(31_000)
    await broker.start(2)
    await until(
      'a record written again',
      () =>
        write().then(
          () => true,
          () => false,
        ),
      (isWritten) => isWritten,
    )
    await producer.stop()
  },
  90_000,
)
