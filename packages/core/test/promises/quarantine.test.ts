import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Damage, fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { readDeadLetter } from '../../src/pipeline/read-dead-letter.ts'
import { deadLetter, halt, retry, skip } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { redrive } from '../../src/redrive/redrive.ts'
import { rig, values } from '../support/harness.ts'
import { silentLogger } from '../support/silent-logger.ts'

const DEAD = 't.dead'
const UNSAID: object = { maxAttempts: undefined, retryBackoffMs: undefined }
const UNREACHABLE = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')
const DAMAGE: Damage = { firstOffset: 2, lastOffset: 4, reason: 'a gzip record batch is corrupt' }

/** A consumer of `t` with ten records in each partition, of which those of partition 0 from 2 to 4 cannot be decoded. */
async function serving(
  options: object = {},
  damage: Damage = DAMAGE,
  fails: (offset: number) => boolean = () => false,
) {
  const broker = fakeBroker()
  broker.createTopic('t', 2)
  broker.createTopic(DEAD)
  const calls: string[] = []
  const handler = on('t', ({ partition, offset }: ConsumerRecord) => {
    calls.push(`${partition}@${offset}`)
    if (fails(offset)) throw new Error('no')
  })
  broker.produce('t', [...values(0, 10), ...values(0, 10, 1)])
  broker.damage('t', 0, damage)
  const made = rig({ driver: broker.driver(), handlers: [handler], deadLetterTopic: DEAD, maxAttempts: 2, ...options })
  made.start()
  await made.clock.settle()
  const ofPartition = (partition: number): number[] =>
    calls.filter((call) => call.startsWith(`${partition}@`)).map((call) => Number(call.slice(2)))
  return { ...made, broker, ofPartition, dead: () => broker.records(DEAD) }
}

afterEach(() => void vi.restoreAllMocks())

const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const HEALTHY = [0, 1, 5, 6, 7, 8, 9]

describe('what cannot be decoded', () => {
  test('is noted in the dead-letter topic and passed; all around it is delivered', async () => {
    const { broker, clock, ofPartition, dead, events, consumer } = await serving()
    await clock.advance('5s')
    expect(ofPartition(0)).toEqual(HEALTHY)
    expect(ofPartition(1)).toEqual(ALL)
    expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([10, 10])
    expect(events('fetch:undecodable')).toMatchObject([
      { partition: 0, offset: 2, lastOffset: 4, fetches: 1, error: { code: 'HF_UNDECODABLE' } },
      { partition: 0, offset: 2, lastOffset: 4, fetches: 2 },
    ])
    expect(events('record:quarantined')).toMatchObject([
      { topic: 't', partition: 0, offset: 2, lastOffset: 4, deadLetterTopic: DEAD, error: { code: 'HF_UNDECODABLE' } },
    ])
    expect(consumer.status()).toMatchObject({ quarantined: 3, dead: 0, health: { status: 'healthy' } })
    const [note] = dead() as [ConsumerRecord]
    expect(readDeadLetter(note)).toMatchObject({
      id: 'g/t/0/2',
      source: { topic: 't', partition: 0, offset: 2 },
      quarantined: { firstOffset: 2, lastOffset: 4 },
      attempts: 3,
      handler: 't',
      error: { class: 'HoldfastError', message: expect.stringContaining('t/0@2 to 4 cannot be decoded: a gzip') },
      value: null,
      key: null,
      headers: [],
    })
  })

  test('and was written like that is not fetched again', async () => {
    const { clock, ofPartition, dead, events } = await serving({}, { ...DAMAGE, kind: 'written' })
    await clock.advance('5s')
    expect(ofPartition(0)).toEqual(HEALTHY)
    expect(events('fetch:undecodable')).toEqual([])
    expect(readDeadLetter(dead()[0] as ConsumerRecord)).toMatchObject({
      attempts: 1,
      error: { message: expect.stringContaining('is corrupt; it was written like that.') },
    })
  })

  test('is fetched as often as quarantineAfter says, with pauses', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const { clock, events, dead, consumer } = await serving({ quarantineAfter: 5 })
    expect(consumer.status().partitions[0]?.pausedBy).toEqual(['undecodable'])
    await clock.advance('1400ms')
    expect(dead()).toHaveLength(0)
    await clock.advance('200ms')
    expect(dead()).toHaveLength(1)
    expect(events('fetch:undecodable').map(({ retryInMs }) => retryInMs)).toEqual([100, 200, 400, 800])
  })

  test('and can be by the next fetch is nothing but late', async () => {
    const { clock, ofPartition, dead } = await serving({}, { ...DAMAGE, fetches: 2 })
    await clock.advance('5s')
    expect(ofPartition(0)).toEqual(ALL)
    expect(dead()).toEqual([])
  })

  test('is passed only once the note of it is acknowledged; the partition waits, unhealthy, and recovers by itself', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const { broker, clock, ofPartition, events, consumer } = await serving()
    broker.failProduces(UNREACHABLE, 6)
    await clock.advance('2s')
    expect(consumer.status()).toMatchObject({
      health: { status: 'unhealthy', reasons: [{ code: 'dead-letter-failing', topic: 't', partition: 0 }] },
    })
    expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([2, 10])
    expect(ofPartition(0)).toEqual([0, 1])
    await clock.advance('1m')
    expect(events('deadletter:failed')).toHaveLength(6)
    expect(events('deadletter:failed')[0]).toMatchObject({
      offset: 2,
      error: { code: 'HF_DEAD_LETTER_FAILED', cause: UNREACHABLE, message: expect.stringContaining('t/0@2 to 4') },
    })
    expect(ofPartition(0)).toEqual(HEALTHY)
    expect(broker.committed('t', 0)).toBe(10)
    expect(consumer.status()).toMatchObject({ health: { status: 'healthy' } })
    expect(consumer.status().partitions[0]?.pausedBy).toEqual([])
  })

  test('is not committed past by a late acknowledgement of an epoch that has ended', async () => {
    const { broker, clock, events } = await serving()
    const release = broker.holdProduces()
    await clock.advance('2s')
    broker.lose()
    await clock.settle()
    expect(broker.committed('t', 0)).toBe(2)
    release()
    await clock.advance('5s')
    expect(events('record:quarantined').map(({ epoch }) => epoch)).toEqual([2])
    expect(broker.committed('t', 0)).toBe(10)
  })

  test('does not hold up a rebalance, and is passed by whoever owns it then', async () => {
    const { broker, clock, ofPartition } = await serving()
    const release = broker.holdProduces()
    await clock.advance('2s')
    await broker.rebalance()
    await clock.settle()
    release()
    await clock.advance('5s')
    expect(ofPartition(0)).toEqual(HEALTHY)
    expect(broker.committed('t', 0)).toBe(10)
  })

  test('holds nothing that was fetched before it, not even where that still fails', async () => {
    const { clock, ofPartition, dead } = await serving({ maxAttempts: 3 }, DAMAGE, (offset) => offset === 1)
    await clock.advance('20s')
    expect(ofPartition(0)).toEqual([0, 1, 1, 1, 5, 6, 7, 8, 9])
    expect(dead().map(({ value }) => value?.toString())).toEqual(expect.arrayContaining(['1', '1', undefined]))
  })

  test('ends a stop in no time, whatever it waits for', async () => {
    const { broker, clock, consumer, ended } = await serving()
    broker.failProduces(UNREACHABLE, 1_000)
    await clock.advance('2s')
    void consumer.stop()
    await clock.advance('1s')
    expect(ended()).toBe('resolved')
    expect(broker.committed('t', 0)).toBe(2)
  })

  test('has no record to send again: a redrive passes its note over', async () => {
    const { broker, clock } = await serving()
    await clock.advance('5s')
    const fates: string[] = []
    const driver = broker.driver()
    const onLetter = (_: unknown, fate: string): void => void fates.push(fate)
    const redriven = redrive({ driver, topic: DEAD, clock, logger: silentLogger, onLetter })
    await clock.advance('5s')
    expect(await redriven).toMatchObject({ counts: { quarantined: 1, sent: 0 }, foreign: 0 })
    expect(fates).toEqual(['quarantined'])
    expect(broker.logEnd('t', 0)).toBe(10)
  })
})

describe('the failure policy says what follows', () => {
  const none = { deadLetterTopic: undefined }

  test('without a dead-letter topic the partition halts; what was held runs, and other partitions go on', async () => {
    const { broker, clock, ofPartition, events, consumer } = await serving(none)
    await clock.advance('1m')
    expect(ofPartition(0)).toEqual([0, 1])
    expect(ofPartition(1)).toEqual(ALL)
    expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([2, 10])
    expect(events('fetch:undecodable')).toHaveLength(2)
    expect(events('partition:halted')).toMatchObject([
      { partition: 0, offset: 2, attempt: 3, error: { code: 'HF_UNDECODABLE', details: { offset: 2, lastOffset: 4 } } },
    ])
    const { message } = (events('partition:halted')[0] as { error: HoldfastError }).error
    expect(message).toMatch(/t\/0 halted at 2: t\/0@2 to 4 cannot be decoded: a gzip .*\n .*Fix: set deadLetterTopic/)
    expect(consumer.status().health).toMatchObject({
      status: 'unhealthy',
      reasons: [{ code: 'halted', topic: 't', partition: 0, message }],
    })
  })

  test('a record before it that then fails for good does not run for ever', async () => {
    const { clock, ofPartition } = await serving({ ...none, maxAttempts: 8 }, DAMAGE, (offset) => offset === 1)
    await clock.advance('5m')
    expect(ofPartition(0)).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1])
  })

  test('a topic that only the policy names gets the note', async () => {
    const onFailure = retry({ attempts: 2 }).then(deadLetter({ topic: DEAD }))
    const { clock, ofPartition, dead } = await serving({ ...none, ...UNSAID, onFailure })
    await clock.advance('1m')
    expect(ofPartition(0)).toEqual(HEALTHY)
    expect(dead()).toHaveLength(1)
  })

  test('halt and skip are what they say, also beside a dead-letter topic', async () => {
    const halted = await serving({ ...UNSAID, onFailure: retry().then(halt()) })
    await halted.clock.advance('1m')
    expect(halted.ofPartition(0)).toEqual([0, 1])
    const skipped = await serving({ ...UNSAID, onFailure: retry().then(skip('best effort')) })
    await skipped.clock.advance('1m')
    expect(skipped.ofPartition(0)).toEqual(HEALTHY)
    expect(skipped.events('record:quarantined')).toMatchObject([{ deadLetterTopic: undefined }])
    expect([...halted.dead(), ...skipped.dead()]).toEqual([])
  })

  test('to no retry topic goes what is no record, from its own topic or from a retry topic', async () => {
    const broker = fakeBroker()
    for (const topic of ['t', 't.retry.5s', DEAD]) broker.createTopic(topic)
    for (const topic of ['t', 't.retry.5s']) {
      broker.produce(topic, values(0, 3))
      broker.damage(topic, 0, { firstOffset: 1, lastOffset: 1 })
    }
    const onFailure = retryTopics(['5s'])
      .then(deadLetter())
      .when(HoldfastError, retryTopics(['5s']).then(deadLetter()))
    const made = rig({ driver: broker.driver(), deadLetterTopic: DEAD, ...UNSAID, onFailure })
    made.start()
    await made.clock.advance('1m')
    const ids = broker.records(DEAD).map((note) => readDeadLetter(note)?.id)
    expect(ids.toSorted()).toEqual(['g/t.retry.5s/0/1', 'g/t/0/1'])
    expect(made.events('record:quarantined').map(({ topic }) => topic)).toEqual(
      expect.arrayContaining(['t', 't.retry.5s']),
    )
    expect(broker.logEnd('t.retry.5s', 0)).toBe(3)
    expect([broker.committed('t', 0), broker.committed('t.retry.5s', 0)]).toEqual([3, 3])
  })

  test('where only this process cannot decode it, it halts at once, whatever the policy', async () => {
    const reason = 'zstd needs another Node'
    const { broker, clock, ofPartition, events, dead } = await serving({}, { ...DAMAGE, kind: 'unsupported', reason })
    await clock.advance('1m')
    expect(ofPartition(0)).toEqual([0, 1])
    expect(dead()).toEqual([])
    expect(broker.committed('t', 0)).toBe(2)
    expect(events('partition:halted')[0]?.error.message).toMatch(/this process cannot decode t\/0@2 to 4: zstd needs/)
  })

  test('where nobody can say where it ends the partition halts, whatever the policy', async () => {
    const { broker, clock, ofPartition, events, dead } = await serving({}, { ...DAMAGE, isBounded: false })
    await clock.advance('1m')
    expect(ofPartition(0)).toEqual([0, 1])
    expect(dead()).toEqual([])
    expect(broker.committed('t', 0)).toBe(2)
    expect(events('partition:halted')[0]?.error.message).toMatch(/neither what stands there .* nor where it ends/)
  })
})
