import { describe, expect, test } from 'vitest'
import { type FakeBroker, fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { type CircuitBreakerOptions, circuitBreaker } from '../../src/policy/circuit-breaker.ts'
import { deadLetter } from '../../src/policy/failure-policy.ts'
import { rig, values } from '../support/harness.ts'

class Down extends Error {}

/** A dependency that the test takes down, with all the calls that were made of it. */
class Server {
  isDown = false
  readonly calls: string[] = []
  /** Calls that have not been answered; only while `holds`. */
  readonly held: { end(): void; fail(): void }[] = []
  holds = false

  readonly handle = ({ topic, partition, offset }: ConsumerRecord): unknown => {
    this.calls.push(`${topic}/${partition}@${offset}`)
    if (!this.holds) return this.isDown ? Promise.reject(new Down('no answer')) : undefined
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.held.push({ end: resolve, fail: () => reject(new Down('no answer')) })
    return promise
  }
}

/** No random pauses: what is tried again is tried at once. */
const QUICK = { maxAttempts: 5, retryBackoffMs: 1, retryBackoffMaxMs: 1 }

function breaker(options: Partial<CircuitBreakerOptions> = {}) {
  return circuitBreaker({ name: 'smtp', consecutiveFailures: 3, halfOpenAfterMs: 1_000, when: Down, ...options })
}

async function serving(
  options: Partial<ConsumerOptions> = {},
  { partitions = 1, circuit = breaker(), server = new Server() } = {},
) {
  const broker = fakeBroker()
  for (const topic of ['t', 'other']) broker.createTopic(topic, partitions)
  broker.createTopic('t.dead')
  const others: number[] = []
  const made = rig({
    driver: broker.driver(),
    order: 'key',
    deadLetterTopic: 't.dead',
    ...QUICK,
    handlers: [on('t', { circuit }, server.handle), on('other', ({ offset }) => void others.push(offset))],
    ...options,
  })
  made.start()
  await made.clock.settle()
  const dead = (): readonly ConsumerRecord[] => broker.records('t.dead')
  return { ...made, broker, server, others, dead }
}

const names = (told: readonly { readonly name: string }[]): string[] =>
  told.map(({ name }) => name).filter((name) => name.startsWith('circuit:'))

const committed = (broker: FakeBroker, partitions: number, topic = 't'): number[] =>
  Array.from({ length: partitions }, (_, partition) => broker.committed(topic, partition))

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
    const { broker, clock, server, events, consumer } = await serving({ maxPollIntervalMs: 10_000, order: 'partition' })
    server.isDown = true
    broker.produce('t', values(0, 400))
    await clock.advance('5m')
    expect(consumer.status().health.reasons.map(({ code }) => code)).toEqual(['dependency-open'])
    server.isDown = false
    await clock.advance('2m')
    expect(broker.committed('t', 0)).toBe(400)
    expect([...events('poll:late'), ...events('attempt:late')]).toEqual([])
    expect(events('health:changed').every(({ to }) => to !== 'unhealthy')).toBe(true)
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

describe('the probe', () => {
  test('is one record over all partitions of all handlers that share the dependency', async () => {
    const server = new Server()
    const circuit = breaker()
    const handlers = [on('t', { circuit }, server.handle), on('other', { circuit }, server.handle)]
    const { broker, clock, consumer } = await serving({ handlers }, { partitions: 3, server })
    server.isDown = true
    for (const topic of ['t', 'other'])
      for (const partition of [0, 1, 2]) broker.produce(topic, values(0, 20, partition))
    await clock.advance(900)
    server.holds = true
    const before = server.calls.length
    await clock.advance('1m')
    expect(server.calls).toHaveLength(before + 1)
    expect(consumer.status()).toMatchObject({
      circuits: [{ state: 'half-open', topics: ['t', 'other'], waiting: 6 }],
      slots: { busy: 1 },
    })
    server.held[0]?.fail()
    await clock.advance(1_900)
    expect(server.calls).toHaveLength(before + 1)
    await clock.advance('1m')
    expect(server.calls).toHaveLength(before + 2)
    server.isDown = false
    server.holds = false
    server.held[1]?.end()
    await clock.advance('5s')
    expect([committed(broker, 3), committed(broker, 3, 'other')]).toEqual([
      [20, 20, 20],
      [20, 20, 20],
    ])
  })

  test('that fails for reasons of its own says nothing of the dependency: the next one is tried at once', async () => {
    const server = new Server()
    const refused: number[] = []
    const handler = on('t', { circuit: breaker() }, (record) => {
      if (!server.isDown && refused.length < 2) {
        refused.push(record.offset)
        throw new Error('550')
      }
      return server.handle(record)
    })
    const { broker, clock, told, dead } = await serving({ handlers: [handler], maxAttempts: 4 })
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    server.isDown = false
    await clock.advance('2s')
    expect(new Set(refused).size).toBe(2)
    expect(names(told)).toEqual(['circuit:opened', 'circuit:half-open', 'circuit:closed'])
    expect([broker.committed('t', 0), dead()]).toEqual([20, []])
  })

  test('that goes with its partition does not leave the circuit half-open: another one is tried', async () => {
    const { broker, clock, server, events, consumer } = await serving()
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    server.holds = true
    await clock.advance(300)
    expect(server.held).toHaveLength(1)
    broker.lose()
    server.isDown = false
    server.holds = false
    await clock.advance('5s')
    expect(events('circuit:closed')).toHaveLength(1)
    expect(broker.committed('t', 0)).toBe(20)
    expect(consumer.status().circuits).toMatchObject([{ state: 'closed' }])
  })

  test('a partition that came while it was open has one too', async () => {
    const { broker, clock, server, events, consumer } = await serving()
    server.isDown = true
    broker.produce('t', values(0, 20))
    await clock.advance(900)
    const before = server.calls.length
    broker.lose()
    await clock.settle()
    expect(consumer.status().partitions).toMatchObject([{ topic: 'other' }, { pausedBy: ['circuit'], open: 20 }])
    await clock.advance(500)
    expect(server.calls).toHaveLength(before + 1)
    server.isDown = false
    await clock.advance('5s')
    expect(events('circuit:closed')).toHaveLength(1)
    expect(broker.committed('t', 0)).toBe(20)
  })

  test('of a batch handler is one record, and a batch that fails in part does not open the circuit', async () => {
    const sizes: number[] = []
    let isDown = false
    const handler = on('t', { circuit: breaker(), batch: true }, (records) => {
      sizes.push(records.length)
      if (isDown) throw new Down()
      return records.map(({ offset }) => (offset === 7 ? new Down() : undefined))
    })
    const { broker, clock, events, dead } = await serving({ handlers: [handler], maxBatchRecords: 10 })
    broker.produce('t', values(0, 10))
    await clock.advance('1s')
    // Alone it has nothing that succeeds beside it.
    expect(sizes.slice(0, 2)).toEqual([10, 1])
    expect(events('circuit:opened').map(({ circuit }) => circuit)).toEqual(['smtp'])
    await clock.advance('1s')
    isDown = true
    broker.produce('t', values(10, 40))
    sizes.length = 0
    await clock.advance('1m')
    expect(sizes.length).toBeGreaterThan(3)
    expect(sizes.every((size) => size === 1)).toBe(true)
    expect(dead()).toEqual([])
    isDown = false
    await clock.advance('3m')
    expect(broker.committed('t', 0)).toBe(40)
    expect(dead().map(({ value }) => String(value))).toEqual(['7'])
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
