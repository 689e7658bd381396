import { type ConsumerOptions, on } from '@holdfast/core'
import { kafka } from '@holdfast/testing'
import { describe, expect, inject, test } from 'vitest'
import { Kafka, logLevel, type Producer } from '../../src/internals/kafkajs.ts'
import { Copier } from '../support/copier.ts'
import { readCommitted, replace, tellCopyStory } from '../support/copy-story.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const RECORDS = process.env.NIGHTLY === undefined ? 6_600 : 33_000
const ON = { delivery: 'exactly-once', transactions: true } as const
const COPIERS = { batch: 300, handlerMs: 100 }

const kill = (share: number, index: number) => ({
  share,
  happens: (copiers: Parameters<typeof replace>[0], start: Parameters<typeof replace>[2]) =>
    replace(copiers, index, start),
})

/** The copier that has the next batch in hand. */
function nextToProduce(copiers: readonly Copier[]): Promise<Copier> {
  return Promise.race(copiers.map((copier) => copier.produced().then(() => copier)))
}

function expectOnce(values: readonly string[], records: number): void {
  expect({ distinct: new Set(values).size, all: values.length }).toEqual({ distinct: records, all: records })
}

describe('consume, transform, produce: output = input, exactly once', () => {
  test('copiers are killed at 20, 40 and 60 %, and the broker once', async () => {
    await using broker = await kafka({ env: { ...process.env, KAFKA_BROKERS: '' } })
    await using cluster = await TestCluster.connect(broker.brokers)
    const values = await tellCopyStory(cluster, {
      ...COPIERS,
      delivery: 'exactly-once',
      records: RECORDS,
      moments: [
        kill(0.2, 0),
        kill(0.4, 1),
        {
          share: 0.5,
          happens: async (copiers) => {
            // A first join needs a broker.
            await Promise.all(copiers.map(({ joined }) => joined))
            await broker.kill()
            await broker.start()
          },
        },
        kill(0.6, 0),
      ],
    })
    expectOnce(values, RECORDS)
  }, 180_000)

  test('at-least-once repeats in the same story', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const records = 3_000
    const values = await tellCopyStory(cluster, {
      ...COPIERS,
      delivery: 'at-least-once',
      records,
      moments: [
        {
          share: 0.2,
          happens: async (copiers, start) => {
            // A kill just after a commit would repeat nothing.
            await replace(copiers, copiers.indexOf(await nextToProduce(copiers)), start)
          },
        },
      ],
    })
    expect(new Set(values).size).toBe(records)
    expect(values.length).toBeGreaterThan(records)
  }, 90_000)

  test('a copier that is frozen for longer than its session commits nothing when it wakes up', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const records = 4_500
    let zombie: Copier | undefined
    const values = await tellCopyStory(cluster, {
      ...COPIERS,
      delivery: 'exactly-once',
      records,
      moments: [
        {
          share: 0.1,
          happens: async (copiers) => {
            // It owns a partition then, and has outputs that are not committed.
            zombie = await nextToProduce(copiers)
            zombie.signal('SIGSTOP')
          },
        },
        // The other one is at its end: all that the zombie has in hand is done by then.
        {
          share: 1,
          happens: async () => {
            zombie?.signal('SIGCONT')
            await until(
              'the loss',
              () => zombie?.lost.length,
              (count) => count !== undefined && count > 0,
            )
          },
        },
      ],
    })
    expectOnce(values, records)
  }, 90_000)
})

/** A consumer that copies `input`, with the numbers of the records that it keeps to itself. */
function copier(cluster: TestCluster, input: string, output: string, options: Partial<ConsumerOptions> = {}) {
  return testConsumer(cluster.brokers, {
    groupId: input,
    ...ON,
    commitInterval: { records: 50, ms: 20 },
    handlers: [on(input, ({ key, value }, { produce }) => produce({ topic: output, key, value }))],
    ...options,
  })
}

const committed = (cluster: TestCluster, input: string, offset: number, groupId = input): Promise<unknown> =>
  until(
    `offset ${offset}`,
    () => cluster.committed(groupId, input),
    (offsets) => offsets.every((known) => known === offset),
  )

describe('transactional ids', () => {
  test('of two processes with one id the older stops with a clear error, and the other goes on', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [input, output] = [await cluster.createTopic(1), await cluster.createTopic(1)]
    const settings = {
      brokers: cluster.brokers,
      input,
      output,
      delivery: 'exactly-once',
      batch: 50,
      handlerMs: 0,
    } as const
    await cluster.produceNumbers(input, 100, 1)
    const older = new Copier(settings)
    const newerGroup = `${input}-newer`
    let newer: Copier | undefined
    try {
      await committed(cluster, input, 100)
      newer = new Copier({ ...settings, groupId: newerGroup, transactionalIdPrefix: input })
      await committed(cluster, input, 100, newerGroup)
      await cluster.produceNumbers(input, 100, 1, 100)
      expect(await older.exit()).toBe(1)
      expect(older.stderr).toContain('HF_TRANSACTIONAL_ID_TAKEN')
      expect(older.stderr).toContain(`${input}/${input}/0`)
      await committed(cluster, input, 200, newerGroup)
    } finally {
      await Promise.all([older.kill(), newer?.kill()])
    }
    expect(await cluster.committed(input, input)).toEqual([100])
    // The older one's first hundred, and all of the newer one.
    expect(await readCommitted(cluster, output)).toHaveLength(300)
  })

  test('an id is claimed before its partition is read: what an earlier owner left open is aborted by then', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [input, output] = [await cluster.createTopic(1), await cluster.createTopic(1)]
    await cluster.produceNumbers(input, 10, 1)
    const zombie = await transactional(cluster, `${input}/${input}/0`)
    const open = await zombie.transaction()
    await open.send({ topic: output, messages: [{ value: 'zombie' }] })
    await open.sendOffsets({
      consumerGroupId: input,
      topics: [{ topic: input, partitions: [{ partition: 0, offset: '10' }] }],
    })
    const consumer = copier(cluster, input, output)
    await whileRunning(consumer, () => committed(cluster, input, 10))
    await expect(open.commit()).rejects.toThrow()
    await zombie.disconnect()
    expectOnce(await readCommitted(cluster, output), 10)
  })
})

describe('what a transaction carries', () => {
  test('offsets alone, where handlers produce nothing', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const input = await cluster.createTopic(1)
    const consumer = copier(cluster, input, 'none', { handlers: [on(input, () => undefined)] })
    const unknown: unknown[] = []
    consumer.on('commit:unknown', (event) => void unknown.push(event))
    await whileRunning(consumer, async () => {
      for (let round = 1; round <= 5; round += 1) {
        await cluster.produceNumbers(input, 100, 1)
        await committed(cluster, input, 100 * round)
      }
    })
    expect(unknown).toEqual([])
  })

  test('outputs of what is done past a record that hangs, which no later owner repeats', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [input, output] = [await cluster.createTopic(1), await cluster.createTopic(3)]
    await cluster.produceNumbers(input, 200, 1)
    const hanging = copier(cluster, input, output, {
      order: 'key',
      drainBudgetMs: 100,
      shutdownTimeoutMs: 100,
      handlers: [
        on(input, async ({ key, value }, { produce, signal }) => {
          if (String(value) === '0')
            await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
          produce({ topic: output, key, value })
        }),
      ],
    })
    await whileRunning(hanging, async () => {
      await until(
        'all that is done ahead',
        async () => (await cluster.logEnds(output).catch(() => [0])).reduce((sum, end) => sum + end, 0),
        (sum) => sum > 199,
      )
    })
    expect(await cluster.committed(input, input)).toEqual([0])
    await whileRunning(copier(cluster, input, output, { order: 'key' }), () => committed(cluster, input, 200))
    expectOnce(await readCommitted(cluster, output), 200)
  })

  test('outputs of handlers in threads, without those of attempts that failed', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [input, output] = [await cluster.createTopic(1), await cluster.createTopic(1)]
    const values = Array.from({ length: 20 }, (_, number) => String(number))
    await cluster.produce(
      input,
      values.map((value) => ({ key: output, value })),
    )
    const module = new URL('../support/copy-in-thread.ts', import.meta.url)
    const handlers = [on(input, { isolate: 'thread' }, module)]
    const inThreads = copier(cluster, input, output, { handlers, maxAttempts: 2, retryBackoffMs: 1 })
    await whileRunning(inThreads, () => committed(cluster, input, values.length))
    expect(await readCommitted(cluster, output)).toEqual(values)
  })

  test('an output that its topic does not take holds its partition, and is written when it does', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const [input, output] = [await cluster.createTopic(1), `late-${Math.random()}`]
    await cluster.produceNumbers(input, 10, 1)
    const consumer = copier(cluster, input, output)
    const causes: unknown[] = []
    consumer.on('commit:unknown', ({ error }) => void causes.push(error.cause))
    await whileRunning(consumer, async () => {
      await until(
        'a refusal',
        () => causes.length,
        (count) => count > 0,
      )
      expect(await cluster.committed(input, input)).toEqual([-1])
      await cluster.createTopic(1, output)
      await committed(cluster, input, 10)
    })
    expect(causes[0]).toMatchObject({ cause: { code: 'HF_TOPIC_MISSING' } })
    expectOnce(await readCommitted(cluster, output), 10)
  })
})

async function transactional(cluster: TestCluster, transactionalId: string): Promise<Producer> {
  const producer = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  return producer
}

describe('nothing of an aborted transaction is delivered', () => {
  test('nested ones, one read from its middle, and one that holds a key of four zero bytes', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const [a, b] = [await transactional(cluster, `${topic}-a`), await transactional(cluster, `${topic}-b`)]
    const send = (on: { send: Producer['send'] }, value: string, key: Buffer | null = null) =>
      on.send({ topic, messages: [{ key, value }] })
    const [first, second] = [await a.transaction(), await b.transaction()]
    await send(first, 'aborted')
    await send(second, 'aborted')
    await second.abort()
    await send(first, 'aborted')
    await first.abort()
    const [third, fourth] = [await a.transaction(), await b.transaction()]
    await send(third, 'aborted')
    await send(fourth, 'aborted')
    await send(fourth, 'aborted', Buffer.alloc(4))
    await send(third, 'aborted')
    await third.abort()
    await fourth.abort()
    await cluster.produce(topic, [{ value: 'plain' }])
    await Promise.all([a.disconnect(), b.disconnect()])
    expect(await readCommitted(cluster, topic)).toEqual(['plain'])
  })
})
