import { once } from 'node:events'
import { createServer } from 'node:net'
import { HoldfastError, type OutgoingRecord, on } from '@holdfast/core'
import { afterEach, expect, inject, test, vi } from 'vitest'
import { createProducer } from '../../src/create-producer.ts'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { type KafkajsOptions, resolveKafkajsOptions } from '../../src/options.ts'
import { RecordProducer } from '../../src/produce/record-producer.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

interface Broker {
  produce(request: object): Promise<unknown>
}

const { prototype: broker } = requireInternal<{ readonly prototype: Broker }>('broker')

afterEach(() => void vi.restoreAllMocks())

/** A producer on the cluster, stopped at the end. */
function producing({ brokers }: TestCluster, options: Partial<KafkajsOptions> = {}) {
  const producer = new RecordProducer(resolveKafkajsOptions({ brokers, ...options }), quietLogger)
  return {
    produce: (...records: readonly OutgoingRecord[]) => producer.produce(records),
    stop: () => producer.stop(),
    [Symbol.asyncDispose]: () => producer.stop(),
  }
}

function to(topic: string, value: string, fields: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { topic, key: null, value: Buffer.from(value), headers: [], ...fields }
}

function topicWith(cluster: TestCluster, partitions: number, name: string, value: string): Promise<string> {
  return cluster.createTopic(partitions, undefined, { [name]: value })
}

/** The next produce request is carried out, and its answer gets lost. */
function loseNextAnswer(): void {
  const { produce } = broker
  vi.spyOn(broker, 'produce').mockImplementationOnce(async function (this: Broker, request) {
    await produce.call(this, request)
    throw Object.assign(new Error('the connection broke'), { name: 'KafkaJSConnectionError', retriable: true })
  })
}

/** What a topic holds, in the order of each partition. */
async function valuesOf({ brokers }: TestCluster, topic: string, atLeast: number): Promise<string[]> {
  const values: string[] = []
  const consumer = testConsumer(brokers, {
    groupId: topic,
    handlers: [on(topic, ({ value }) => void values.push(String(value)))],
  })
  await whileRunning(consumer, () =>
    until(
      'what was written',
      () => values.length,
      (count) => count >= atLeast,
    ),
  )
  return values
}

const rejectsWith = async (promise: Promise<void>, code: string): Promise<HoldfastError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(HoldfastError)
  expect(error).toMatchObject({ code })
  return error as HoldfastError
}

test('a record that is too large is refused at once, with its size and what to raise, and others go on', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await topicWith(cluster, 1, 'max.message.bytes', '1000')
  await using producer = producing(cluster)
  const error = await rejectsWith(producer.produce(to(topic, 'x'.repeat(3_000))), 'HF_RECORD_TOO_LARGE')
  expect(error.message).toContain(topic)
  expect(error.message).toContain('max.message.bytes')
  expect(error).toMatchObject({ retryable: false, details: { topic, bytes: 3_040 } })
  await producer.produce(to(topic, 'x'.repeat(300)))
  expect(await cluster.logEnds(topic)).toEqual([1])
})

test('records that are too large only together are written in parts, in their order', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await topicWith(cluster, 1, 'max.message.bytes', '1000')
  await using producer = producing(cluster)
  const values = Array.from({ length: 7 }, (_, index) => String(index).repeat(500))
  await producer.produce(...values.map((value) => to(topic, value)))
  expect(await valuesOf(cluster, topic, 7)).toEqual(values)
})

test('what follows an error is written, and not taken for a repetition', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await topicWith(cluster, 2, 'max.message.bytes', '1000')
  await using producer = producing(cluster)
  const both = producer.produce(to(topic, 'a', { partition: 0 }), to(topic, 'x'.repeat(3_000), { partition: 1 }))
  await rejectsWith(both, 'HF_RECORD_TOO_LARGE')
  const [before] = await cluster.logEnds(topic)
  await producer.produce(to(topic, 'b', { partition: 0 }))
  expect(await cluster.logEnds(topic)).toEqual([Number(before) + 1, 0])
})

test.each([
  ['with others behind it', 1, true],
  ['without a key, among partitions', 2, false],
])('an answer that gets lost costs no record and repeats none: %s', async (_name, partitions, isAtOnce) => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(partitions)
  await using producer = producing(cluster)
  loseNextAnswer()
  const values = Array.from({ length: 6 }, (_, index) => String(index))
  if (isAtOnce) await Promise.all(values.map((value) => producer.produce(to(topic, value))))
  else for (const value of values) await producer.produce(to(topic, value))
  expect((await valuesOf(cluster, topic, 6)).toSorted()).toEqual(values)
})

test('a partition that does not exist is named, and nothing is written elsewhere', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(1)
  await using producer = producing(cluster)
  const error = await rejectsWith(producer.produce(to(topic, 'a', { partition: 7 })), 'HF_PARTITION_MISSING')
  expect(error.message).toContain(`${topic} has no partition 7`)
  expect(await cluster.logEnds(topic)).toEqual([0])
})

test('what a topic refuses for its sake says why', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  await using producer = producing(cluster)
  const compacted = await topicWith(cluster, 1, 'cleanup.policy', 'compact')
  const keyless = await rejectsWith(producer.produce(to(compacted, 'a')), 'HF_RECORD_REFUSED')
  expect(keyless.message).toContain('give every record a key')
  await producer.produce(to(compacted, 'a', { key: Buffer.from('k') }))
  const timed = await topicWith(cluster, 1, 'message.timestamp.after.max.ms', '1000')
  const later = to(timed, 'a', { timestamp: Date.now() + 60_000 })
  expect((await rejectsWith(producer.produce(later), 'HF_RECORD_REFUSED')).message).toContain('timestamp')
  const named = await rejectsWith(producer.produce(to('no such name', 'a')), 'HF_RECORD_REFUSED')
  expect(named.message).toContain('"no such name"')
})

test('a topic that is deleted fails its own records and no others', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const [gone, kept] = [await cluster.createTopic(1), await cluster.createTopic(1)]
  await using producer = producing(cluster, { metadataMaxAgeMs: 50 })
  await producer.produce(to(gone, 'a'), to(kept, 'a'))
  await cluster.deleteTopic(gone)
  const [lost] = await Promise.all([
    rejectsWith(producer.produce(to(gone, 'b')), 'HF_TOPIC_MISSING'),
    ...Array.from({ length: 50 }, () => producer.produce(to(kept, 'b'))),
  ])
  expect(lost).toMatchObject({ retryable: true, details: { topic: gone } })
  expect(await cluster.logEnds(kept)).toEqual([51])
})

test('stop ends every connection, and nothing is written after it', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const [one, two] = [await cluster.createTopic(1), await cluster.createTopic(1)]
  const open = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
  const before = open()
  const producer = producing(cluster)
  await producer.produce(to(one, 'a'), to(two, 'a'))
  expect(open()).toBeGreaterThan(before)
  await producer.stop()
  await vi.waitFor(() => expect(open()).toBe(before))
  await rejectsWith(producer.produce(to(one, 'b')), 'HF_STATE_INVALID')
})

test('stop does not wait for brokers that never answer', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  const config = resolveKafkajsOptions({ brokers: [`127.0.0.1:${port}`] })
  const producer = new RecordProducer(config, quietLogger)
  const first = rejectsWith(producer.produce([to('t', 'a')]), 'HF_STATE_INVALID')
  const second = rejectsWith(producer.produce([to('t', 'b')]), 'HF_STATE_INVALID')
  await once(server, 'connection')
  const begunMs = performance.now()
  await producer.stop()
  await Promise.all([first, second])
  expect(performance.now() - begunMs).toBeLessThan(1_000)
  server.close()
})

test('a logger that throws neither fails a record nor changes the error of one that fails', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await topicWith(cluster, 1, 'max.message.bytes', '1000')
  let lines = 0
  const throwing = (): never => {
    lines += 1
    throw new Error('no line')
  }
  const methods = { trace: throwing, debug: throwing, info: throwing, warn: throwing, error: throwing }
  const logger = { ...methods, child: () => ({ ...methods, child: throwing }) }
  await using producer = createProducer({ brokers: cluster.brokers }, { logger })
  await expect(producer.produce([to(topic, 'x'.repeat(2_000))])).rejects.toMatchObject({ code: 'HF_RECORD_TOO_LARGE' })
  await producer.produce([to(topic, 'a')])
  expect(await cluster.logEnds(topic)).toEqual([1])
  expect(lines).toBeGreaterThan(0)
})
