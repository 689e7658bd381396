import { type ConsumerOptions, json, on } from '@holdfast/core'
import { expect, inject, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'
import { burn } from './fixtures/burn.ts'

const SESSION = { sessionTimeoutMs: 1_500, heartbeatIntervalMs: 200 }
const BURN_MS = 2 * SESSION.sessionTimeoutMs
const burnModule = new URL('./fixtures/burn.ts', import.meta.url)
const value = json() as () => number

interface Membership {
  readonly generations: number[]
  readonly losses: string[]
  readonly failed: unknown[]
  /** The handlers that ran while the event loop stood still. */
  readonly blocking: string[]
  /** The longest time for which the event loop did not turn. */
  maxBlockMs: number
}

/** Handles what burns with the handler, until the log is committed up to `end`. */
async function watched(
  handler: (topic: string) => ConsumerOptions['handlers'],
  burns: readonly number[],
  end: readonly number[],
  options: Partial<ConsumerOptions> = {},
  isOver: (seen: Membership) => boolean = () => true,
): Promise<Membership> {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(2)
  await cluster.produce(
    topic,
    burns.map((ms, index) => ({ partition: index % 2, value: String(ms) })),
  )
  const seen: Membership = { generations: [], losses: [], failed: [], blocking: [], maxBlockMs: 0 }
  const consumer = testConsumer(cluster.brokers, { ...SESSION, groupId: topic, handlers: handler(topic), ...options })
  consumer.on('group:joined', ({ generationId }) => seen.generations.push(generationId))
  consumer.on('group:lost', ({ reason }) => seen.losses.push(reason))
  consumer.on('commit:fenced', ({ error }) => seen.losses.push(error.code))
  consumer.on('loop:blocked', ({ attempts }) => seen.blocking.push(...attempts.map(({ handler }) => handler)))
  consumer.on('attempt:failed', ({ error }) => seen.failed.push(error))
  let turnedMs = performance.now()
  const turning = setInterval(() => {
    seen.maxBlockMs = Math.max(seen.maxBlockMs, performance.now() - turnedMs)
    turnedMs = performance.now()
  }, 10)
  try {
    await whileRunning(consumer, () =>
      until(
        'the commits',
        () => cluster.committed(topic, topic),
        (offsets) => offsets.join() === end.join() && isOver(seen),
      ),
    )
  } finally {
    clearInterval(turning)
  }
  return seen
}

test('a handler that burns twice the session in a thread costs no membership, and its neighbour goes on', async () => {
  const isolated = (topic: string) => [on(topic, { isolate: 'thread', value }, burnModule)]
  const seen = await watched(isolated, [BURN_MS, 0, 0, 0, 0, 0], [3, 3])
  expect(seen.losses).toEqual([])
  expect(seen.generations).toHaveLength(1)
  expect(seen.blocking).toEqual([])
  expect(seen.maxBlockMs).toBeLessThan(SESSION.sessionTimeoutMs)
})

test('the same handler here holds the event loop for as long, and the group goes on without its member', async () => {
  // Once only: the record comes again with the next membership, and would end that as well.
  let isBurnt = false
  const here = (topic: string) => [
    on(topic, { value }, (record) => {
      if (record.value === 0 || isBurnt) return
      isBurnt = true
      burn(record.value)
    }),
  ]
  const seen = await watched(here, [BURN_MS, 0, 0, 0, 0, 0], [3, 3])
  expect(seen.maxBlockMs).toBeGreaterThanOrEqual(BURN_MS)
  expect(seen.losses.length).toBeGreaterThan(0)
  expect(seen.generations.length).toBeGreaterThan(1)
})

test('an endless loop in a thread ends at its deadline; nothing past it is committed, and the rest is handled', async () => {
  const isolated = (topic: string) => [on(topic, { isolate: 'thread', value }, burnModule)]
  const policy = { maxPollIntervalMs: 2_000, maxAttempts: 2, retryBackoffMs: 1 }
  const seen = await watched(isolated, [0, 0, -1, 0, 0, 0], [1, 3], policy, ({ failed }) => failed.length === 2)
  expect(seen.failed).toEqual([expect.objectContaining({ code: 'HF_ABORTED' }), expect.anything()])
  expect(seen.losses).toEqual([])
  expect(seen.generations).toHaveLength(1)
})
