import { type ConsumerEvents, on } from '@holdfast/core'
import { kafka } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const SESSION_MS = 6_000

// It brings up a cluster of its own, of three brokers.
test.runIf(process.env.NIGHTLY !== undefined)(
  'the leader of one partition is frozen while heartbeats to the coordinator go on: that partition is named',
  async () => {
    await using broker = await kafka({
      brokers: 3,
      env: { ...process.env, KAFKA_BROKERS: '', HOLDFAST_KAFKA: 'jvm' },
      // Nobody takes over meanwhile.
      properties: { 'broker.session.timeout.ms': 60_000 },
    })
    await using cluster = await TestCluster.connect(broker.brokers)
    const topic = await cluster.createTopic(3)
    const consumer = testConsumer(broker.brokers, {
      groupId: topic,
      sessionTimeoutMs: SESSION_MS,
      handlers: [on(topic, () => undefined)],
    })
    const changes: (ConsumerEvents['health:changed'] & { readonly atMs: number })[] = []
    const lost: unknown[] = []
    consumer.on('health:changed', (event) => void changes.push({ ...event, atMs: performance.now() }))
    consumer.on('group:lost', (event) => void lost.push(event))
    await whileRunning(consumer, async () => {
      await cluster.produceNumbers(topic, 30, 3)
      const committed = (count: number) =>
        until(
          `${count} records of each partition`,
          () => consumer.status().partitions,
          (partitions) => partitions.length === 3 && partitions.every((partition) => partition.committed === count),
        )
      await committed(10)
      const coordinator = await cluster.coordinatorOf('__consumer_offsets', topic)
      const { topics } = await cluster.admin.fetchTopicMetadata({ topics: [topic] })
      // Broker 1 is the controller.
      const frozen = topics[0]?.partitions.find(({ leader }) => leader !== 1 && leader !== coordinator)
      expect(frozen).toBeDefined()
      await broker.pause(frozen?.leader)
      const frozenMs = performance.now()
      const told = await until(
        'the change',
        () => changes.at(-1),
        (change) => change?.to === 'unhealthy',
        15_000,
      )
      expect(told?.reasons).toMatchObject([{ code: 'silent', topic, partition: frozen?.partitionId }])
      expect((told?.atMs ?? 0) - frozenMs).toBeLessThan(SESSION_MS + 1_500)
      expect(lost).toEqual([])
      await broker.resume(frozen?.leader)
      await until(
        'its end',
        () => changes.at(-1)?.to,
        (status) => status === 'healthy',
      )
      await cluster.produceNumbers(topic, 30, 3)
      await committed(20)
    })
  },
  90_000,
)
