import { type Consumer, createConsumer, on } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../../src/fake-clock.ts'
import { type FakeBroker, fakeBroker } from '../../src/fake-driver.ts'
import { takeRecords } from '../../src/verifiable/take-records.ts'
import { tellEvents } from '../../src/verifiable/tell-events.ts'
import { Checker } from './support/checker.ts'
import { coverageOf } from './support/coverage.ts'

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

interface Member {
  readonly consumer: Consumer
  readonly running: Promise<void>
  readonly checker: Checker
}

/** What the program does, on the fake driver and clock. */
function startMember(broker: FakeBroker, clock: FakeClock, maxMessages = Number.POSITIVE_INFINITY): Member {
  const checker = new Checker()
  const tell = checker.take.bind(checker)
  const enough = (): void => void consumer.stop()
  const consumer = createConsumer({
    driver: broker.driver({ maxBatchRecords: 7 }),
    clock,
    logger: silent,
    groupId: 'g',
    order: 'partition',
    commitInterval: { records: 1, ms: 100 },
    handlers: [on('t', { batch: true }, takeRecords({ tell, tellsRecords: false, maxMessages, enough }))],
  })
  tellEvents(consumer, tell, true)
  tell({ name: 'startup_complete' })
  const running = consumer.run().finally(() => tell({ name: 'shutdown_complete' }))
  return { consumer, running, checker }
}

const produce = (broker: FakeBroker, count: number): void => {
  for (let index = 0; index < count; index += 1) broker.produce('t', { value: `v${index}`, partition: index % 3 })
}

describe("what Kafka's checker asks, on the fake driver", () => {
  test('holds over a join, a leave and a loss; positions are what was consumed', async () => {
    const [broker, clock] = [fakeBroker(), createFakeClock()]
    broker.createTopic('t', 3)
    produce(broker, 60)
    const first = startMember(broker, clock)
    await clock.advance('2s')
    const second = startMember(broker, clock)
    produce(broker, 60)
    await clock.advance('5s')
    broker.lose({ groupId: 'g', member: 0 })
    await clock.advance('5s')
    await Promise.all([second.consumer.stop(), clock.advance('5s')])
    await second.running
    produce(broker, 30)
    await clock.advance('5s')
    await Promise.all([first.consumer.stop(), clock.advance('5s')])
    await first.running
    const { ends, missing, repeated } = coverageOf([...first.checker.consumed, ...second.checker.consumed])
    expect({ missing, repeated }).toEqual({ missing: [], repeated: [] })
    expect([...ends.values()]).toEqual([50, 50, 50])
    expect(first.checker.total + second.checker.total).toBe(150)
    expect([first.checker.state, second.checker.state]).toEqual(['dead', 'dead'])
    expect(first.checker.revocations).toBeGreaterThanOrEqual(3)
    expect([0, 1, 2].map((partition) => broker.committed('t', partition, 'g'))).toEqual([50, 50, 50])
  })

  test('--max-messages ends in the middle of a batch, and commits so far', async () => {
    const [broker, clock] = [fakeBroker(), createFakeClock()]
    broker.createTopic('t', 1)
    for (let index = 0; index < 40; index += 1) broker.produce('t', { value: `v${index}` })
    const { running, checker } = startMember(broker, clock, 25)
    await Promise.all([running, clock.advance('5s')])
    expect(checker.total).toBe(25)
    expect(broker.committed('t', 0, 'g')).toBe(25)
    expect(checker.state).toBe('dead')
  })
})
