import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConsumerEvents, type HeaderEntry, on, peekDeadLetters, redrive } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { kafkajs } from '../../src/index.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'
import { Worker } from '../support/worker.ts'

const RECORDS = 30
const isPoison = (offset: number): boolean => offset % 10 === 3

describe('dead letters on a real broker', () => {
  test('every record is handled or dead, none is lost, and what is dead is as it was', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const deadLetterTopic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, RECORDS, 1)
    const handled: number[] = []
    const letters: { readonly value: string; readonly headers: readonly HeaderEntry[] }[] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      deadLetterTopic,
      maxAttempts: 2,
      retryBackoffMs: 10,
      handlers: [
        on(topic, ({ offset }) => {
          if (isPoison(offset)) throw new Error(`no ${offset}`)
          handled.push(offset)
        }),
      ],
    })
    const reader = testConsumer(cluster.brokers, {
      groupId: deadLetterTopic,
      handlers: [
        on(deadLetterTopic, ({ value, headers }) => {
          letters.push({ value: String(value), headers: [...headers] })
        }),
      ],
    })
    await whileRunning(consumer, () =>
      whileRunning(reader, async () => {
        await until(
          'the end of the log',
          () => cluster.committed(topic, topic),
          ([offset]) => offset === RECORDS,
        )
        await until(
          'the dead letters',
          () => letters.length,
          (count) => count === 3,
        )
      }),
    )
    expect(handled).toHaveLength(RECORDS - 3)
    const texts = letters.map(({ headers }) =>
      Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    )
    expect(texts.map((text) => text['holdfast-dead-source-offset'])).toEqual(['3', '13', '23'])
    expect(texts[0]).toMatchObject({
      'holdfast-dead-id': `${topic}/${topic}/0/3`,
      'holdfast-dead-attempts': '2',
      'holdfast-dead-error-message': 'Error: no 3',
    })
    expect(letters.map(({ value }) => value)).toEqual(['3', '13', '23'])
  })

  test('a dead-letter topic that is deleted holds its source back, and when it is back all goes on without a restart', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const deadLetterTopic = await cluster.createTopic(1)
    const failures: ConsumerEvents['deadletter:failed'][] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      deadLetterTopic,
      maxAttempts: 1,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 500,
      handlers: [
        on(topic, ({ offset }) => {
          if (isPoison(offset)) throw new Error('no')
        }),
      ],
    })
    consumer.on('deadletter:failed', (event) => failures.push(event))
    const joined = Promise.withResolvers<void>()
    consumer.on('group:joined', () => joined.resolve())
    await whileRunning(consumer, async () => {
      // At its start the topic has to be there.
      await joined.promise
      await cluster.deleteTopic(deadLetterTopic)
      await cluster.produceNumbers(topic, 10, 1)
      await until(
        'a refusal',
        () => failures.length,
        (count) => count > 0,
      )
      expect(failures[0]?.error).toMatchObject({ code: 'HF_DEAD_LETTER_FAILED', cause: { code: 'HF_TOPIC_MISSING' } })
      expect(consumer.status().health).toMatchObject({
        status: 'unhealthy',
        reasons: [{ code: 'dead-letter-failing' }],
      })
      expect((await cluster.committed(topic, topic))[0]).toBeLessThanOrEqual(3)
      await cluster.admin.createTopics({ topics: [{ topic: deadLetterTopic, numPartitions: 1 }] })
      await until(
        'the end of the log',
        () => cluster.committed(topic, topic),
        ([offset]) => offset === 10,
      )
      expect(consumer.status()).toMatchObject({ dead: 1, health: { status: 'healthy' } })
    })
  })

  test('a topic that takes only small records gets less of a large one', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const deadLetterTopic = await cluster.createTopic(1, undefined, { 'max.message.bytes': '2000' })
    const letters: { readonly bytes: number | undefined; readonly truncated: string | undefined }[] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      deadLetterTopic,
      maxAttempts: 1,
      handlers: [
        on(topic, () => {
          throw new Error('no')
        }),
      ],
    })
    const reader = testConsumer(cluster.brokers, {
      groupId: deadLetterTopic,
      handlers: [
        on(deadLetterTopic, ({ value, headers }) => {
          letters.push({ bytes: value?.length, truncated: headers.text('holdfast-dead-truncated') })
        }),
      ],
    })
    await cluster.produce(topic, [{ value: 'x'.repeat(8_000) }])
    await whileRunning(consumer, () =>
      whileRunning(reader, () =>
        until(
          'the dead letter',
          () => letters.length,
          (count) => count === 1,
        ),
      ),
    )
    expect(letters).toEqual([{ bytes: 1_000, truncated: 'headers, value' }])
  })

  test('what has died is handled when it is sent again after a mend, each once, in two calls', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(3)
    const deadLetterTopic = await cluster.createTopic(2)
    await cluster.produceNumbers(topic, RECORDS, 3)
    let isMended = false
    const handled: string[] = []
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      deadLetterTopic,
      maxAttempts: 1,
      handlers: [
        on(topic, ({ value }) => {
          if (!isMended) throw new Error('not yet')
          handled.push(String(value))
        }),
      ],
    })
    await whileRunning(consumer, async () => {
      await until(
        'all of them dead',
        () => consumer.status().dead,
        (dead) => dead === RECORDS,
      )
      isMended = true
      const source = { driver: kafkajs({ brokers: cluster.brokers }), topic: deadLetterTopic, logger: quietLogger }
      const first = await redrive({ ...source, maximum: 10 })
      expect(first).toMatchObject({ counts: { sent: 10 }, hasMore: true })
      const rest = await redrive(source)
      expect(rest).toMatchObject({ counts: { sent: RECORDS - 10, copy: 0 }, foreign: 0, hasMore: false })
      await until(
        'all of them handled',
        () => handled.length,
        (count) => count >= RECORDS,
      )
    })
    expect(new Set(handled).size).toBe(RECORDS)
    expect(handled).toHaveLength(RECORDS)
  })

  test('a process that dies between the acknowledgement and its commit leaves one letter more, of the same id, sent once', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const deadLetterTopic = await cluster.createTopic(1)
    const elsewhere = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 5, 1)
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
    const settings = {
      brokers: cluster.brokers,
      topic,
      groupId: topic,
      effects: join(folder, 'effects'),
      delivery: 'at-least-once' as const,
      handlerMs: 0,
      order: 'partition' as const,
      failing: ['2'],
      options: { deadLetterTopic, maxAttempts: 1, commitInterval: { records: 1_000, ms: 60_000 } },
    }
    try {
      await new Worker({ ...settings, diesAtDeath: true }).exited
      const [committed = -1] = await cluster.committed(topic, topic)
      expect(committed).toBeLessThanOrEqual(2)
      const second = new Worker({
        ...settings,
        options: { ...settings.options, commitInterval: { records: 1, ms: 50 } },
      })
      await until(
        'the end of the log',
        () => cluster.committed(topic, topic),
        ([offset]) => offset === 5,
      )
      await second.kill('SIGTERM')
    } finally {
      rmSync(folder, { recursive: true })
    }
    const source = { driver: kafkajs({ brokers: cluster.brokers }), topic: deadLetterTopic, logger: quietLogger }
    const letters = await peekDeadLetters(source)
    expect(letters.map(({ id }) => id)).toEqual(Array(2).fill(`${topic}/${topic}/0/2`))
    expect(await redrive({ ...source, to: elsewhere })).toMatchObject({ counts: { sent: 1, copy: 1 } })
  })
})
