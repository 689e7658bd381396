import {
  type Consumer,
  type ConsumerEvents,
  type ConsumerRecord,
  createHealthServer,
  type HealthStatus,
  on,
} from '@holdfast/core'
import { type KafkaCluster, kafka } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort, TcpProxy } from '../support/tcp-proxy.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const SESSION_MS = 6_000
const STALL_MS = 3_000
/** What the health is found by: the looks before and after. */
const BOUND_MS = 1_000
/** For timers that are late on a busy machine. */
const SLACK_MS = 500

type Changed = ConsumerEvents['health:changed']

let broker: KafkaCluster
let proxy: TcpProxy
let cluster: TestCluster

/** One broker of their own, with a second listener that it advertises at the proxy. */
beforeAll(async () => {
  const behind = await freePort()
  proxy = await TcpProxy.listen(behind)
  broker = await kafka({
    env: { ...process.env, KAFKA_BROKERS: '', HOLDFAST_KAFKA: 'jvm' },
    properties: {
      listeners: `PROXIED://127.0.0.1:${behind}`,
      'advertised.listeners': `PROXIED://127.0.0.1:${proxy.port}`,
      'listener.security.protocol.map': 'PROXIED:PLAINTEXT',
    },
  })
  cluster = await TestCluster.connect(broker.brokers)
})

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
  await broker?.stop()
  await proxy?.[Symbol.asyncDispose]()
})

/** A consumer behind the proxy that has handled a record, with what it told of its health. */
class Watched {
  readonly consumer: Consumer
  readonly handled: number[] = []
  readonly changes: (Changed & { readonly atMs: number })[] = []
  readonly #topic: string

  constructor(topic: string, handle: (record: ConsumerRecord) => unknown = () => undefined) {
    this.#topic = topic
    const handler = on(topic, async (record) => {
      await handle(record)
      this.handled.push(record.offset)
    })
    this.consumer = testConsumer([`127.0.0.1:${proxy.port}`], {
      groupId: topic,
      sessionTimeoutMs: SESSION_MS,
      stallTimeoutMs: STALL_MS,
      commitInterval: { records: 1, ms: 100 },
      handlers: [handler],
    })
    this.consumer.on('health:changed', (event) => void this.changes.push({ ...event, atMs: performance.now() }))
  }

  /** Runs it, and begins once the first record is committed. */
  run(story: () => Promise<void>): Promise<void> {
    return whileRunning(this.consumer, async () => {
      await cluster.produce(this.#topic, [{ value: 'first' }])
      await until(
        'the first commit',
        () => this.consumer.status().partitions[0],
        (partition) => partition?.committed === 1,
      )
      expect(this.consumer.status().health).toEqual({ status: 'healthy', reasons: [] })
      await story()
    })
  }

  /** When it told of this status, counted from `fromMs`. */
  async turned(to: HealthStatus, fromMs: number, deadlineMs: number): Promise<{ ms: number; change: Changed }> {
    const change = await until(
      `the status ${to}`,
      () => this.changes.findLast(({ atMs }) => atMs > fromMs),
      (last) => last?.to === to,
      deadlineMs,
    )
    const { atMs, ...rest } = change as Changed & { readonly atMs: number }
    return { ms: atMs - fromMs, change: rest }
  }

  async handles(count: number): Promise<void> {
    await until(
      `${count} records`,
      () => this.handled.length,
      (length) => length >= count,
      30_000,
    )
  }
}

async function expectSilence(
  watched: Watched,
  freeze: () => unknown,
  thaw: () => unknown,
  topic: string,
): Promise<void> {
  await using server = await createHealthServer({ consumers: [watched.consumer], port: 0 })
  const probe = async (path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${server.address.port}${path}`)).status
  expect([await probe('/livez'), await probe('/readyz')]).toEqual([200, 200])
  await freeze()
  const frozenMs = performance.now()
  const { ms, change } = await watched.turned('unhealthy', frozenMs, 15_000)
  expect(change.reasons).toMatchObject([{ code: 'silent', severity: 'unhealthy' }])
  expect(ms).toBeGreaterThan(SESSION_MS - BOUND_MS)
  expect(ms).toBeLessThan(SESSION_MS + BOUND_MS + SLACK_MS)
  expect([await probe('/livez'), await probe('/readyz')]).toEqual([503, 503])
  await thaw()
  const thawedMs = performance.now()
  await watched.turned('healthy', thawedMs, 10_000)
  await cluster.produce(topic, [{ value: 'second' }])
  await watched.handles(2)
  expect([await probe('/livez'), await probe('/readyz')]).toEqual([200, 200])
}

describe('a wedged consumer turns unhealthy within the stated time, and healthy again when that is over', () => {
  test('the network forwards nothing while every connection stays open', async () => {
    const topic = await cluster.createTopic(1)
    const watched = new Watched(topic)
    await watched.run(() =>
      expectSilence(
        watched,
        () => {
          expect(proxy.connections).toBeGreaterThan(0)
          proxy.freeze()
        },
        () => proxy.thaw(),
        topic,
      ),
    )
  })

  test('a handler never returns while lag grows', async () => {
    const topic = await cluster.createTopic(1)
    const hung = Promise.withResolvers<void>()
    const began: number[] = []
    const watched = new Watched(topic, ({ offset }) => {
      if (offset !== 1) return undefined
      began.push(performance.now())
      return hung.promise
    })
    await watched.run(async () => {
      await cluster.produceNumbers(topic, 5, 1)
      await until(
        'the call that hangs',
        () => began[0],
        (at) => at !== undefined,
      )
      await cluster.produceNumbers(topic, 20, 1)
      const { ms, change } = await watched.turned('unhealthy', began[0] as number, 10_000)
      expect(change.reasons).toMatchObject([{ code: 'stalled', topic, partition: 0 }])
      expect(ms).toBeGreaterThan(STALL_MS - BOUND_MS)
      expect(ms).toBeLessThan(STALL_MS + BOUND_MS + SLACK_MS)
      expect(watched.consumer.status().partitions[0]?.lag).toBe(25)
      const releasedMs = performance.now()
      hung.resolve()
      await watched.turned('healthy', releasedMs, 10_000)
      await watched.handles(26)
    })
  })

  test('the broker is frozen', async () => {
    const topic = await cluster.createTopic(1)
    const watched = new Watched(topic)
    await watched.run(() =>
      expectSilence(
        watched,
        () => broker.pause(),
        () => broker.resume(),
        topic,
      ),
    )
  })
})
