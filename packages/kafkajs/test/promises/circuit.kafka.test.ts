import { type CircuitState, type ConsumerEvents, circuitBreaker, on } from '@holdfast/core'
import { expect, inject, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const PARTITIONS = 4
const BEFORE = 400
const DURING = 400
const OUTAGE_MS = 8_000

test('a dependency that is down under load: only probes call it, nothing is lost or dead, nobody rebalances, all drains', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(PARTITIONS)
  const deadLetterTopic = await cluster.createTopic(1)
  const circuit = circuitBreaker({ name: 'smtp', consecutiveFailures: 5, halfOpenAfterMs: 200, halfOpenMaxMs: 500 })
  let isDown = false
  const done = new Set<string>()
  const failed: CircuitState[] = []
  const told: (keyof ConsumerEvents)[] = []
  const consumer = testConsumer(cluster.brokers, {
    groupId: topic,
    order: 'key',
    concurrency: 20,
    deadLetterTopic,
    maxAttempts: 5,
    retryBackoffMs: 10,
    // Short enough for the outage to outlast them, if they counted.
    maxPollIntervalMs: 6_000,
    stallTimeoutMs: 6_000,
    handlers: [
      on(topic, { circuit }, async ({ partition, offset }) => {
        const { state } = consumer.status().circuits[0] as { readonly state: CircuitState }
        await new Promise((resolve) => setTimeout(resolve, 2))
        if (isDown) {
          failed.push(state)
          throw new Error('connection refused')
        }
        done.add(`${partition}@${offset}`)
      }),
    ],
  })
  for (const name of [
    'group:joined',
    'group:lost',
    'poll:late',
    'circuit:opened',
    'circuit:half-open',
    'circuit:closed',
  ] as const)
    consumer.on(name, () => void told.push(name))
  const times = (name: keyof ConsumerEvents): number => told.filter((each) => each === name).length
  await whileRunning(consumer, async () => {
    await cluster.produceNumbers(topic, BEFORE, PARTITIONS)
    await until(
      'the first records',
      () => done.size,
      (size) => size >= 100,
    )
    isDown = true
    const endMs = performance.now() + OUTAGE_MS
    await until(
      'the circuit opens',
      () => times('circuit:opened'),
      (openings) => openings > 0,
    )
    await cluster.produceNumbers(topic, DURING, PARTITIONS)
    await until(
      'the outage ends',
      () => performance.now(),
      (nowMs) => nowMs >= endMs,
    )
    const { health, partitions, dead } = consumer.status()
    expect(health).toMatchObject({ status: 'degraded', reasons: [{ code: 'dependency-open' }] })
    expect(partitions.map(({ pausedBy }) => pausedBy.includes('circuit'))).toEqual(partitions.map(() => true))
    expect(dead).toBe(0)
    isDown = false
    await until(
      'the end of the log',
      () => cluster.committed(topic, topic),
      (offsets) => offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0) === BEFORE + DURING,
    )
  })
  expect(done.size).toBe(BEFORE + DURING)
  expect(consumer.status()).toMatchObject({ dead: 0, late: { polls: { warn: 0, pause: 0, overrun: 0 } } })
  expect(failed.filter((state) => state === 'open')).toEqual([])
  // Those that ran when it opened, and one for each wait.
  expect(failed.filter((state) => state === 'closed').length).toBeLessThanOrEqual(20 + 5)
  expect(failed.filter((state) => state === 'half-open').length).toBeLessThanOrEqual(times('circuit:half-open'))
  expect(times('circuit:half-open')).toBeGreaterThan(3)
  expect([times('circuit:closed'), times('group:joined'), times('group:lost')]).toEqual([1, 1, 0])
})
