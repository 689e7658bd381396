import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createConsumer, type HandlerDefinition, json, on, string } from '@holdfast/core'
import { kafka } from '@holdfast/testing'
import { describe, expect, inject, test } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { quietLogger } from './support/quiet-logger.ts'
import { TestCluster } from './support/test-cluster.ts'
import { testConsumer, whileRunning } from './support/test-consumer.ts'
import { until } from './support/until.ts'

const nothing = on('some-topic', () => undefined)

const failureOf = (run: Promise<void>): Promise<unknown> =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a consumer that cannot start says why', () => {
  test('no broker', async () => {
    const driver = kafkajs({ brokers: ['127.0.0.1:1'], startTimeoutMs: 300 })
    const consumer = createConsumer({ driver, groupId: 'g', handlers: [nothing], logger: quietLogger })
    expect(await failureOf(consumer.run())).toMatchObject({
      code: 'HF_BROKER_UNREACHABLE',
      message: expect.stringMatching(/127\.0\.0\.1:1 .*ECONNREFUSED[\s\S]*Fix: check brokers/),
    })
    expect(consumer.status()).toMatchObject({ state: 'failed', health: { status: 'unhealthy' } })
  })

  test('an HTTP server on the port', async () => {
    const server = createServer((_, response) => response.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const driver = kafkajs({ brokers: [`127.0.0.1:${port}`] })
    const consumer = createConsumer({ driver, groupId: 'g', handlers: [nothing], logger: quietLogger })
    expect(await failureOf(consumer.run())).toMatchObject({
      code: 'HF_PROTOCOL_FAULT',
      message: expect.stringContaining('does not speak the Kafka protocol: the first bytes are "HTTP/1.1 400'),
    })
    server.close()
  })

  test('a missing topic, which is not created', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const consumer = testConsumer(cluster.brokers, { groupId: 'g', handlers: [on('no-such-topic', () => undefined)] })
    expect(await failureOf(consumer.run())).toMatchObject({
      code: 'HF_TOPIC_MISSING',
      details: { topic: 'no-such-topic' },
    })
    expect(await cluster.admin.listTopics()).not.toContain('no-such-topic')
  })

  test.each([100, 3_600_000])("sessionTimeoutMs = %i outside the broker's bounds", async (sessionTimeoutMs) => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      sessionTimeoutMs,
      heartbeatIntervalMs: 50,
      handlers: [on(topic, () => undefined)],
    })
    expect(await failureOf(consumer.run())).toMatchObject({
      code: 'HF_SESSION_TIMEOUT_REFUSED',
      message: expect.stringContaining(`sessionTimeoutMs = ${sessionTimeoutMs}`),
    })
  })

  test('wrong SASL credentials, which no message shows', async () => {
    await using broker = await kafka({
      env: { ...process.env, KAFKA_BROKERS: '', HOLDFAST_KAFKA: 'jvm' },
      sasl: { username: 'mail', password: 'right-secret' },
    })
    const brokers = broker.saslBrokers as readonly string[]
    const sasl = (password: string) => ({ mechanism: 'plain' as const, username: 'mail', password })
    const wrong = createConsumer({
      driver: kafkajs({ brokers, sasl: sasl('wrong-secret') }),
      groupId: 'g',
      handlers: [nothing],
      logger: quietLogger,
    })
    const failure = await failureOf(wrong.run())
    expect(failure).toMatchObject({ code: 'HF_AUTH_FAILED' })
    expect(JSON.stringify(failure) + String(failure) + wrong.printConfig()).not.toContain('secret')
    const right = createConsumer({
      driver: kafkajs({ brokers, sasl: sasl('right-secret') }),
      groupId: 'g',
      handlers: [nothing],
      logger: quietLogger,
    })
    expect(await failureOf(right.run())).toMatchObject({ code: 'HF_TOPIC_MISSING' })
  })
})

/** Any schema library fits; this one takes objects that have a name. */
const named = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) =>
      typeof value === 'object' && value !== null && 'name' in value
        ? { value: value as { name: string } }
        : { issues: [{ message: 'Required', path: ['name'] }] },
  },
}

describe('a record that cannot be handled halts its partition and is never passed', () => {
  const cases: [what: string, value: string | null, handler: (topic: string) => HandlerDefinition, reason: RegExp][] = [
    [
      'not JSON',
      '{"name": ',
      (topic) => on(topic, { value: json(named) }, () => undefined),
      /value of .*@1 cannot be decoded: SyntaxError: not JSON/,
    ],
    [
      'not what the schema says',
      '{}',
      (topic) => on(topic, { value: json(named) }, () => undefined),
      /value of .*@1 .*name: Required/,
    ],
    ['null', null, (topic) => on(topic, { value: json(named) }, () => undefined), /@1 .*The value is null/],
    [
      'met by a handler that throws a non-Error',
      'boom',
      (topic) =>
        on(topic, { value: string() }, ({ value }) => {
          if (value === 'boom') throw undefined
        }),
      /halted at 1 after 2 attempts .*a thrown undefined/,
    ],
  ]

  test.each(cases)('%s', async (_, value, handler, reason) => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    const good = JSON.stringify({ name: 'x' })
    await cluster.produce(topic, [
      { partition: 0, value: good },
      { partition: 0, value },
      { partition: 0, value: good },
      { partition: 1, value: good },
      { partition: 1, value: good },
    ])
    const consumer = testConsumer(cluster.brokers, {
      groupId: topic,
      maxAttempts: 2,
      retryBackoffMs: 1,
      commitInterval: { records: 1, ms: 20 },
      handlers: [handler(topic)],
    })
    const halted = new Promise<{ error: Error }>((resolve) => consumer.on('partition:halted', resolve))
    await whileRunning(consumer, async () => {
      expect((await halted).error.message).toMatch(reason)
      await until(
        'the other partition',
        () => cluster.committed(topic, topic),
        ([, second]) => second === 2,
      )
      const reasons = [{ code: 'halted', partition: 0, message: expect.stringMatching(reason) }]
      expect(consumer.status().health).toMatchObject({ status: 'unhealthy', reasons })
    })
    expect(await cluster.committed(topic, topic)).toEqual([1, 2])
  })
})
