import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import { on } from '../../src/pipeline/handler.ts'
import { circuitBreaker } from '../../src/policy/circuit-breaker.ts'
import { deadLetter, retry } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { breaker, committed, Down, names, Server, serving } from '../support/circuit-scene.ts'
import { values } from '../support/harness.ts'

/** In order of their partitions, the first of which has a head that fails by itself. */
async function twoPartitions() {
  const handler = on('t', { circuit: breaker() }, ({ partition, offset }) =>
    partition === 0 && offset === 0 ? Promise.reject(new Down()) : undefined,
  )
  const made = await serving({ handlers: [handler], order: 'partition', maxAttempts: 1_000 }, { partitions: 2 })
  return { ...made, committedTo: () => committed(made.broker, 2) }
}

test('while its dependency is down nothing is called but one record at a time; then all is done, and nothing is dead', async () => {
  const { broker, clock, server, dead, told, events, consumer } = await serving()
  server.isDown = true
  broker.produce('t', values(0, 100))
  await clock.advance(900)
  // Ten slots are at it when the third of them fails.
  expect(server.calls.length).toBeLessThanOrEqual(10)
  const before = server.calls.length
  await clock.advance('20s')
  // Waits of 1, 2, 4, 8 seconds, and 16 that are not over.
  expect(server.calls).toHaveLength(before + 4)
  expect(broker.committed('t', 0)).toBe(-1)
  server.isDown = false
  await clock.advance('16s')
  expect(new Set(server.calls).size).toBe(100)
  expect(broker.committed('t', 0)).toBe(100)
  expect(dead()).toEqual([])
  expect(names(told)).toEqual([
    ...Array.from({ length: 5 }, () => ['circuit:opened', 'circuit:half-open']).flat(),
    'circuit:closed',
  ])
  expect(events('circuit:opened').map(({ waitMs }) => waitMs)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000])
  expect(consumer.status()).toMatchObject({ dead: 0, circuits: [{ state: 'closed' }], health: { status: 'healthy' } })
})

test('the wait between two probes has its bound', async () => {
  const { broker, clock, server, events } = await serving({}, { circuit: breaker({ halfOpenMaxMs: 3_000 }) })
  server.isDown = true
  broker.produce('t', values(0, 10))
  await clock.advance('1m')
  expect(
    events('circuit:opened')
      .map(({ waitMs }) => waitMs)
      .slice(0, 4),
  ).toEqual([1_000, 2_000, 3_000, 3_000])
})

test('no attempt counts that fails while it is open, however often', async () => {
  const { broker, clock, server, dead, events } = await serving({ maxAttempts: 3, order: 'partition' })
  server.isDown = true
  broker.produce('t', values(0, 2))
  await clock.advance('10m')
  expect(server.calls.filter((call) => call === 't/0@0').length).toBeGreaterThan(10)
  expect(dead()).toEqual([])
  expect(events('attempt:held').every(({ attempt, circuit }) => attempt === 3 && circuit === 'smtp')).toBe(true)
  server.isDown = false
  await clock.advance('2m')
  expect(broker.committed('t', 0)).toBe(2)
  expect(events('partition:halted')).toEqual([])
})

test("an error that is not the dependency's neither opens it, nor is kept from its policy", async () => {
  const refused = new Error('550 no such mailbox')
  const circuit = breaker()
  const handlers = [on('t', { circuit, onFailure: deadLetter() }, () => Promise.reject(refused))]
  const { broker, clock, dead, told } = await serving({ handlers })
  broker.produce('t', values(0, 20))
  await clock.advance('5s')
  expect(dead()).toHaveLength(20)
  expect(names(told)).toEqual([])
  expect(broker.committed('t', 0)).toBe(20)
})

test('what a middleware throws before the handler is called never counts, and goes the way of its policy', async () => {
  const server = new Server()
  const circuit = circuitBreaker({ name: 'smtp', consecutiveFailures: 3 })
  const broken = (): never => {
    throw new Error('no tenant')
  }
  const handlers = [on('t', { circuit, use: [broken] }, server.handle)]
  const { broker, clock, dead, events } = await serving({ handlers, maxAttempts: 4 }, { server })
  broker.produce('t', values(0, 10))
  await clock.advance('5s')
  expect(events('circuit:opened')).toEqual([])
  expect([dead().length, broker.committed('t', 0), server.calls.length]).toEqual([10, 10, 0])
})

test('it opens by a share of the last attempts as well, where successes lie between', async () => {
  const circuit = circuitBreaker({ name: 'smtp', failureRatio: { above: 0.4, attempts: 10 } })
  const handlers = [on('t', { circuit }, ({ offset }) => (offset % 2 === 0 ? undefined : Promise.reject(new Down())))]
  const { broker, clock, events } = await serving({ handlers, order: 'partition', maxAttempts: 1 })
  broker.produce('t', values(0, 30))
  await clock.advance(500)
  expect(events('record:dead')).toHaveLength(4)
  expect(events('circuit:opened')).toHaveLength(1)
})

describe('partitions', () => {
  test('those of its topics are paused, and say so; others go on, and health is degraded', async () => {
    const { broker, clock, server, others, consumer } = await serving({}, { partitions: 2 })
    server.isDown = true
    broker.produce('t', [...values(0, 20), ...values(20, 40, 1)])
    await clock.advance(500)
    broker.produce('other', values(0, 50))
    await clock.advance(3_500)
    expect(others).toHaveLength(50)
    const { partitions, health, circuits } = consumer.status()
    expect(partitions.map(({ topic, pausedBy }) => [topic, ...pausedBy])).toEqual([
      ['other'],
      ['other'],
      ['t', 'circuit'],
      ['t', 'circuit'],
    ])
    expect(health).toMatchObject({ status: 'degraded', reasons: [{ code: 'dependency-open' }] })
    expect(circuits).toMatchObject([
      { circuit: 'smtp', state: 'open', topics: ['t'], waiting: 2, cause: 'Error: no answer', until: expect.any(Date) },
    ])
  })

  test('no record of a paused partition is late or stalled, how ever long it takes, nor right after', async () => {
    let isDown = false
    const clock = createFakeClock()
    const handler = on('t', { circuit: breaker() }, async () => {
      if (isDown) throw new Down()
      await new Promise<void>((done) => void clock.setTimer(done, 50))
    })
    const made = await serving({ maxPollIntervalMs: 10_000, handlers: [handler] }, { clock })
    const { broker, events, consumer } = made
    isDown = true
    broker.produce('t', values(0, 400))
    await clock.advance('5m')
    expect(consumer.status().health.reasons.map(({ code }) => code)).toEqual(['dependency-open'])
    isDown = false
    await clock.advance('2m')
    expect(broker.committed('t', 0)).toBe(400)
    expect([...events('poll:late'), ...events('attempt:late')]).toEqual([])
    expect(events('health:changed').every(({ to }) => to !== 'unhealthy')).toBe(true)
  })

  test('nor is it foreseen to be late, where what waits would take longer than its interval', async () => {
    let isDown = false
    const clock = createFakeClock()
    const handler = on('t', { circuit: breaker() }, async () => {
      if (isDown) throw new Down()
      await new Promise<void>((done) => void clock.setTimer(done, 300))
    })
    const options = { maxPollIntervalMs: 3_000, stallTimeoutMs: 3_000, maxPollRecords: 500, handlers: [handler] }
    const { broker, consumer } = await serving(options, { clock })
    broker.produce('t', values(0, 20))
    await clock.advance('5s')
    isDown = true
    broker.produce('t', values(20, 420))
    await clock.advance('1m')
    expect(consumer.status().health.reasons.map(({ code }) => code)).toEqual(['dependency-open'])
    isDown = false
    await clock.advance('2m')
    expect(broker.committed('t', 0)).toBe(420)
  })

  test('of retry topics wait as well, and what is in them loses no turn', async () => {
    const server = new Server()
    let isBusy = true
    const handler = on('t', { circuit: breaker() }, (record) => {
      if (isBusy) throw new Error('busy')
      return server.handle(record)
    })
    const isForLater = (error: unknown): boolean => !(error instanceof Down)
    const onFailure = retry({ attempts: 5 })
      .then(deadLetter())
      .when(isForLater, retryTopics(['5s']).then(deadLetter()))
    const { broker, clock, consumer, dead } = await serving({ handlers: [handler], onFailure }, { server })
    broker.produce('t', values(0, 1))
    await clock.advance('1s')
    expect(broker.records('t.retry.5s')).toHaveLength(1)
    isBusy = false
    server.isDown = true
    broker.produce('t', values(1, 10))
    await clock.advance('30s')
    const waiting = consumer.status().partitions.filter(({ pausedBy }) => pausedBy.includes('circuit'))
    expect(waiting.map(({ topic }) => topic).toSorted()).toEqual(['t', 't.retry.5s'])
    server.isDown = false
    await clock.advance('1m')
    expect([broker.committed('t', 0), broker.committed('t.retry.5s', 0), dead()]).toEqual([10, 1, []])
    expect(server.calls).toContain('t.retry.5s/0@0')
  })

  test('take turns with their records: one whose head fails by itself does not keep the others waiting', async () => {
    const { broker, clock, consumer, committedTo } = await twoPartitions()
    broker.produce('t', values(0, 5))
    await clock.advance(900)
    expect(consumer.status().circuits).toMatchObject([{ state: 'open' }])
    broker.produce('t', values(5, 10, 1))
    await clock.advance('1m')
    expect(committedTo()).toEqual([-1, 5])
  })

  test('a record that fails by itself is not the only one that is tried: its turn passes', async () => {
    const calls: number[] = []
    const circuit = breaker()
    let isDown = true
    const handler = on('t', { circuit }, ({ offset }) => {
      calls.push(offset)
      return isDown || offset === 0 ? Promise.reject(new Down()) : undefined
    })
    const { broker, clock, dead } = await serving({ handlers: [handler], concurrency: 3 })
    broker.produce('t', values(0, 30))
    await clock.advance(900)
    isDown = false
    for (let more = 30; more < 90; more += 1) {
      broker.produce('t', values(more, more + 1))
      await clock.advance('1s')
    }
    expect(calls.filter((offset) => offset === 0).length).toBeGreaterThan(5)
    expect(broker.committed('t', 0)).toBe(90)
    expect(dead().map(({ value }) => String(value))).toEqual(['0'])
  })
})

describe('rebalances and stops', () => {
  test('an eager rebalance while it is open keeps what waits, and starts nothing', async () => {
    const { broker, clock, server, events } = await serving({ partitionAssignmentStrategy: ['range'] })
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    const before = server.calls.length
    await broker.rebalance()
    await clock.settle()
    expect(server.calls).toHaveLength(before)
    server.isDown = false
    await clock.advance('3s')
    expect(broker.committed('t', 0)).toBe(20)
    expect(events('group:lost')).toEqual([])
    expect(new Set(events('record:settled').map(({ epoch }) => epoch))).toEqual(new Set([1]))
  })

  test('while a drain is under way no record is tried, though it is time', async () => {
    const other = Promise.withResolvers<void>()
    const server = new Server()
    const handlers = [on('t', { circuit: breaker() }, server.handle), on('other', () => other.promise)]
    const strategy = { partitionAssignmentStrategy: ['range'] } as const
    const { broker, clock, events } = await serving({ handlers, ...strategy }, { server })
    server.isDown = true
    broker.produce('t', values(0, 20))
    broker.produce('other', values(0, 1))
    await clock.advance(900)
    const before = server.calls.length
    void broker.rebalance()
    await clock.advance('3s')
    expect(events('circuit:half-open')).toHaveLength(1)
    expect(server.calls).toHaveLength(before)
    server.isDown = false
    other.resolve()
    await clock.advance('3s')
    expect(broker.committed('t', 0)).toBe(20)
  })

  test.each([
    ['open', 900],
    ['half-open', 3_400],
  ])('stop while %s returns at once, and commits nothing past what waits', async (_state, afterMs) => {
    const { broker, clock, server, consumer, ended } = await serving()
    broker.produce('t', values(0, 5))
    await clock.advance('2s')
    server.isDown = true
    broker.produce('t', values(5, 20))
    await clock.advance(afterMs)
    const stopped = consumer.stop()
    await clock.advance(10)
    await stopped
    await clock.settle()
    expect(ended()).toBe('resolved')
    expect(broker.committed('t', 0)).toBe(5)
  })
})
