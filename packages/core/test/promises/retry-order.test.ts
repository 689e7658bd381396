import { describe, expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { createConsumer } from '../../src/consumer.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { partitionName } from '../../src/model/topic-partition.ts'
import { on } from '../../src/pipeline/handler.ts'
import { deadLetter } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { Fatal } from '../../src/policy/verdicts.ts'
import { DEAD, type Fails, retryScene } from '../support/retry-scene.ts'

const [FIRST, SECOND] = ['t.retry.5s', 't.retry.1m']

const failsFor =
  (bad: string, times: number): Fails =>
  (value, call) =>
    value === bad && call <= times

describe('while a record of a key is in a retry topic', () => {
  test('later ones of the key go behind it, and those of other keys do not wait', async () => {
    const { broker, clock, calls, begin, produce } = retryScene(failsFor('a1', 1))
    const { consumer, events } = begin()
    await clock.settle()
    produce('a1', 'a2', 'b1', 'a3', 'b2')
    await clock.advance('2s')
    expect(calls.toSorted()).toEqual(['a1 at t 0s', 'b1 at t 0s', 'b2 at t 0s'])
    expect([broker.committed('t', 0), broker.records(FIRST).map(({ value }) => String(value))]).toEqual([
      5,
      ['a1', 'a2', 'a3'],
    ])
    await clock.advance('4s')
    expect(calls.slice(3)).toEqual([`a1 at ${FIRST} 5s`, `a2 at ${FIRST} 5s`, `a3 at ${FIRST} 5s`])
    expect(events('record:moved').map(({ offset, reason }) => [offset, reason])).toEqual([
      [0, 'failed'],
      [1, 'behind its key'],
      [3, 'behind its key'],
    ])
    expect(consumer.status()).toMatchObject({ moved: 3, health: { status: 'healthy' } })
  })

  test('the status counts the keys that are behind, in each topic those that are in later ones', async () => {
    const { broker, clock, begin, produce } = retryScene((value, call) => value.endsWith('1') && call <= 2)
    const { consumer } = begin()
    await clock.settle()
    const behind = (status = consumer.status()) =>
      Object.fromEntries(status.partitions.map(({ topic, keysBehind }) => [topic, keysBehind]))
    expect(behind()).toEqual({ t: 0, [FIRST]: 0, [SECOND]: undefined })
    produce('a1', 'a2', 'b1', 'c2')
    await clock.advance('2s')
    expect(behind()).toEqual({ t: 2, [FIRST]: 0, [SECOND]: undefined })
    await clock.advance('5s')
    expect(behind()).toEqual({ t: 2, [FIRST]: 2, [SECOND]: undefined })
    const next = begin()
    await clock.settle()
    await clock.advance('5s')
    const both = { ...behind(), ...behind(next.consumer.status()) }
    expect(both).toMatchObject({ t: 2, [FIRST]: 2 })
    await clock.advance('80s')
    expect({ ...behind(), ...behind(next.consumer.status()) }).toEqual({ t: 0, [FIRST]: 0, [SECOND]: undefined })
    expect(broker.records(DEAD)).toEqual([])
  })

  test('what comes later still runs directly again once all of them are settled', async () => {
    const { clock, calls, begin, produce } = retryScene(failsFor('a1', 1))
    begin()
    await clock.settle()
    produce('a1', 'a2')
    await clock.advance('12s')
    produce('a3')
    await clock.advance('1s')
    expect(calls.at(-1)).toBe('a3 at t 12s')
  })

  test('they follow it from retry topic to retry topic, and wait for nothing else there', async () => {
    const { clock, calls, done, begin, produce } = retryScene(failsFor('a1', 2))
    begin()
    await clock.settle()
    produce('a1', 'a2')
    await clock.advance('20s')
    produce('a3')
    await clock.advance('60s')
    expect(done).toEqual(['a1', 'a2', 'a3'])
    expect(calls.slice(2)).toEqual([`a1 at ${SECOND} 65s`, `a2 at ${SECOND} 65s`, `a3 at ${SECOND} 65s`])
  })

  test.each([
    ['the future', Date.UTC(3000, 0)],
    ['long ago', 0],
  ])('a time stamp of %s that somebody wrote there is not passed on', async (_when, timestamp) => {
    const { broker, clock, done, begin, produce } = retryScene(() => false)
    const wallMs = (): number => clock.wallNow()
    broker.produce(FIRST, { key: 'a', value: 'a1', timestamp })
    broker.produce(FIRST, { key: 'z', value: 'z1', timestamp: wallMs() })
    const beganMs = wallMs()
    begin()
    await clock.settle()
    produce('a2')
    await clock.advance('6s')
    expect(done.filter((value) => value.startsWith('a'))).toEqual(['a1', 'a2'])
    const written = broker.records(FIRST).find(({ value }) => String(value) === 'a2')?.timestamp ?? 0
    expect(written).toBeGreaterThanOrEqual(beganMs - 5_000)
    expect(written).toBeLessThanOrEqual(beganMs + 1_000)
  })

  test('one of the key that is too large for its retry topic waits where it is, and is handled in its turn', async () => {
    const { broker, clock, calls, done, begin, produce } = retryScene(failsFor('a1', 1))
    const { consumer, events } = begin()
    await clock.settle()
    produce('a1')
    await clock.advance('1s')
    broker.failProduces(new HoldfastError('HF_RECORD_TOO_LARGE', 'too large.'), 1_000)
    produce('a2', 'b1', 'a3')
    await clock.advance('3s')
    expect(calls).toEqual(['a1 at t 0s', 'b1 at t 1s'])
    expect([broker.committed('t', 0), consumer.status().partitions[0]?.pausedBy]).toEqual([1, []])
    expect(events('retrytopic:failed')[0]).toMatchObject({ offset: 1, attempt: 1, retryInMs: expect.any(Number) })
    await clock.advance('60s')
    expect(done).toEqual(['b1', 'a1', 'a2', 'a3'])
    expect(calls.slice(2).map((call) => call.replace(/ \d+s$/, ''))).toEqual([`a1 at ${FIRST}`, 'a2 at t', 'a3 at t'])
    expect([broker.committed('t', 0), broker.records(DEAD).length]).toEqual([4, 0])
    expect(consumer.status()).toMatchObject({ moved: 1, health: { status: 'healthy' } })
  })

  test('a dead letter ends their wait', async () => {
    const { broker, clock, done, begin, produce } = retryScene(failsFor('a1', 9))
    begin()
    await clock.settle()
    produce('a1', 'a2')
    await clock.advance('80s')
    expect([done, broker.records(DEAD).length]).toEqual([['a2'], 1])
    produce('a3')
    await clock.advance('1s')
    expect(done).toEqual(['a2', 'a3'])
  })

  test('nothing is asked of the brokers once no key waits', async () => {
    const { clock, begin, produce } = retryScene(failsFor('a1', 1))
    begin()
    await clock.settle()
    const { pendingTimers } = clock
    produce('a1')
    await clock.advance('20s')
    expect(clock.pendingTimers).toBe(pendingTimers)
  })
})

describe('another member, another assignment', () => {
  test('a member that begins finds the keys of which records wait in retry topics', async () => {
    const { clock, calls, done, begin, produce } = retryScene(failsFor('a1', 2))
    const { consumer } = begin()
    await clock.settle()
    produce('a1', 'b1')
    await clock.advance('7s')
    await Promise.all([consumer.stop(), clock.advance('1s')])
    produce('a2', 'b2')
    begin()
    await clock.advance('2s')
    expect(calls.slice(3)).toEqual(['b2 at t 8s'])
    await clock.advance('70s')
    expect(done).toEqual(['b1', 'b2', 'a1', 'a2'])
  })

  test('what another member does in a retry topic is seen here', async () => {
    const wide = { partitions: 2, retryPartitions: 4 }
    const { broker, clock, calls, done, begin } = retryScene(failsFor('a1', 1), wide)
    begin()
    begin()
    await clock.advance('1s')
    const [first = [], second = []] = broker.assignments().map((owned) => owned.map(partitionName))
    expect([first.includes(`${FIRST}/1`), second.includes('t/1')]).toEqual([true, true])
    for (const value of ['a1', 'a2']) broker.produce('t', { key: 'a', value, partition: 1 })
    await clock.advance('20s')
    broker.produce('t', { key: 'a', value: 'a3', partition: 1 })
    await clock.advance('2s')
    expect([done, calls.at(-1)]).toEqual([['a1', 'a2', 'a3'], 'a3 at t 21s'])
    expect(broker.records(FIRST).map(({ partition }) => partition)).toEqual([1, 1])
  })

  test('a partition runs nothing until it has looked; it says so, and goes on by itself', async () => {
    const { broker, clock, done, begin, produce } = retryScene(() => false)
    const unreachable = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')
    broker.failLooks(unreachable, 4)
    const { consumer, events } = begin()
    await clock.settle()
    produce('a1')
    await clock.settle()
    expect(done).toEqual([])
    const error = { code: 'HF_KEY_ORDER_UNKNOWN', message: expect.stringContaining(`${FIRST}/0, ${SECOND}/0`) }
    expect(events('keyorder:failed')[0]).toMatchObject({ topic: 't', partition: 0, error })
    const { health, partitions } = consumer.status()
    expect(health.reasons.map(({ code }) => code)).toContain('retry-topic-failing')
    expect(partitions.find(({ topic }) => topic === 't')?.pausedBy).toEqual(['key order', 'retry topic'])
    await clock.advance('60s')
    expect([done, events('keyorder:failed').length]).toEqual([['a1'], 4])
    expect(consumer.status().health.status).toBe('healthy')
  })

  test('a look that fails later keeps the keys that wait, and delays nobody else', async () => {
    const { broker, clock, done, begin, produce } = retryScene(failsFor('a1', 1))
    const { events } = begin()
    await clock.settle()
    produce('a1')
    await clock.settle()
    broker.failLooks(new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.'), 6)
    produce('a2', 'b1')
    await clock.advance('90s')
    produce('a3')
    await clock.advance('1s')
    expect([done, events('keyorder:failed').length]).toEqual([['b1', 'a1', 'a2', 'a3'], 6])
    expect(broker.records(FIRST)).toHaveLength(2)
  })

  test('a retry topic with fewer partitions than its source is named at the start', async () => {
    const { clock, begin } = retryScene(() => false, { partitions: 2, retryPartitions: 1 })
    const { ended } = begin()
    await clock.settle()
    expect(ended()).toMatchObject({
      code: 'HF_TOPIC_TOO_NARROW',
      message: expect.stringContaining(`${FIRST} has 1 partition, and t has 2`),
    })
  })
})

describe('which records wait for one another', () => {
  test('records without a key only for themselves', async () => {
    const { broker, clock, done, begin } = retryScene(failsFor('x1', 1))
    begin()
    await clock.settle()
    broker.produce('t', [{ value: 'x1' }, { value: 'x2' }])
    await clock.advance('2s')
    expect([done, broker.records(FIRST).length]).toEqual([['x2'], 1])
  })

  test('with nullKey = "partition" they are one key', async () => {
    const { broker, clock, done, begin } = retryScene(failsFor('x1', 1), { options: { nullKey: 'partition' } })
    begin()
    await clock.settle()
    broker.produce('t', [{ value: 'x1' }, { value: 'x2' }, { value: 'a1', key: 'a' }])
    await clock.advance('10s')
    expect(done).toEqual(['a1', 'x1', 'x2'])
  })

  test('with order = "partition" all that come later', async () => {
    const { clock, done, begin, produce } = retryScene(failsFor('a1', 1), { options: { order: 'partition' } })
    begin()
    await clock.settle()
    produce('a1', 'b1', 'c1')
    await clock.advance('10s')
    expect(done).toEqual(['a1', 'b1', 'c1'])
  })

  test('with a function those that it names alike, by the record as it was first', async () => {
    const order: ConsumerOptions['order'] = ({ topic, value }) => `${topic} ${String(value).slice(0, 1)}`
    const { broker, clock, done, begin } = retryScene(failsFor('a1', 2), { options: { order } })
    const { consumer } = begin()
    await clock.settle()
    broker.produce('t', [{ value: 'a1' }, { value: 'a2' }, { value: 'b1' }])
    await clock.advance('6s')
    await Promise.all([consumer.stop(), clock.advance('1s')])
    begin()
    broker.produce('t', { value: 'a3' })
    await clock.advance('80s')
    expect(done).toEqual(['b1', 'a1', 'a2', 'a3'])
  })
})

describe('what could not be kept is refused', () => {
  const handle = (): void => undefined
  const ordered = retryTopics(['5s'], { keepOrder: true })

  test.each<[string, Partial<ConsumerOptions>, RegExp]>([
    ['without an order', { order: 'none', onFailure: ordered }, /no order to keep/],
    [
      'in batches',
      { onFailure: ordered, handlers: [on('t', { batch: true }, async () => undefined)] },
      /its handler takes batches/,
    ],
    [
      'with another chain for some errors',
      { onFailure: ordered.when(Fatal, retryTopics(['1m'], { keepOrder: true })) },
      /several chains of retry topics \(t\.retry\.5s with keepOrder; t\.retry\.1m with keepOrder\)/,
    ],
    [
      'with the same chain unordered for some errors',
      { onFailure: ordered.when(Fatal, retryTopics(['5s'])) },
      /several chains of retry topics/,
    ],
  ])('%s', (_name, options, message) => {
    const given = { groupId: 'g', driver: fakeBroker().driver(), deadLetterTopic: 'dead', handlers: [on('t', handle)] }
    expect(() => createConsumer({ ...given, ...options })).toThrow(message)
  })

  test('not where errors have the same chain', () => {
    const onFailure = ordered.when(Fatal, deadLetter()).when(TypeError, ordered)
    const given = { groupId: 'g', driver: fakeBroker().driver(), deadLetterTopic: 'dead', handlers: [on('t', handle)] }
    expect(() => createConsumer({ ...given, onFailure })).not.toThrow()
  })
})
