import { describe, expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import type { HandlerContext } from '../../src/pipeline/handler.ts'
import { on } from '../../src/pipeline/handler.ts'
import { readDeadLetter } from '../../src/pipeline/read-dead-letter.ts'
import { deadLetter, halt, retry } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { Fatal } from '../../src/policy/verdicts.ts'
import { rig, values } from '../support/harness.ts'

const [FIRST, SECOND, DEAD] = ['t.retry.5s', 't.retry.1m', 't.dead']
const CHAIN = retryTopics(['5s', '1m']).then(deadLetter())
/** What `onFailure` says in their stead. */
const UNSAID: object = { maxAttempts: undefined, retryBackoffMs: undefined }
const TOO_LARGE = new HoldfastError('HF_RECORD_TOO_LARGE', 'too large.')
const UNREACHABLE = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')

type Fails = (value: string, call: number) => unknown

/** A consumer of `t` whose handler throws what `fails` answers, with the calls that it had. */
async function serving(fails: Fails, options: Partial<ConsumerOptions> = {}) {
  const broker = fakeBroker()
  for (const topic of ['t', FIRST, SECOND, DEAD]) broker.createTopic(topic)
  const clock = rig({ driver: broker.driver() }).clock
  const calls: string[] = []
  const counts = new Map<string, number>()
  const origins: unknown[] = []
  const handler = on('t', (record: ConsumerRecord, { attempt, originOf }: HandlerContext) => {
    const { topic, value } = record
    origins.push(originOf(record))
    const text = String(value)
    const call = (counts.get(text) ?? 0) + 1
    counts.set(text, call)
    calls.push(`${text} at ${topic} ${Math.floor(clock.now() / 1000)}s, attempt ${attempt}`)
    const error = fails(text, call)
    if (error !== undefined) throw error
  })
  const begin = () => {
    const driver = broker.driver()
    const made = rig(
      { driver, handlers: [handler], deadLetterTopic: DEAD, onFailure: CHAIN, ...UNSAID, ...options },
      clock,
    )
    made.start()
    return made
  }
  const made = begin()
  await clock.settle()
  return { ...made, broker, calls, origins, begin }
}

const failsTimes =
  (bad: string, times: number): Fails =>
  (value, call) =>
    value === bad && call <= times ? new Error('no') : undefined

const textsOf = ({ headers }: ConsumerRecord): Record<string, string | undefined> =>
  Object.fromEntries([...headers].map(([name, value]) => [name, value?.toString()]))

test('a record that fails waits in its retry topic, and its partition goes on', async () => {
  const { broker, clock, calls, events, consumer } = await serving(failsTimes('1', 2))
  broker.produce('t', values(0, 3))
  await clock.advance('4s')
  expect(calls).toEqual(['0 at t 0s, attempt 1', '1 at t 0s, attempt 1', '2 at t 0s, attempt 1'])
  expect([broker.committed('t', 0), broker.records(FIRST).length]).toEqual([3, 1])
  await clock.advance('2s')
  expect(calls.slice(3)).toEqual([`1 at ${FIRST} 5s, attempt 2`])
  await clock.advance('61s')
  expect(calls.slice(4)).toEqual([`1 at ${SECOND} 65s, attempt 3`])
  await clock.advance('5s')
  expect([broker.committed(FIRST, 0), broker.committed(SECOND, 0), broker.records(DEAD).length]).toEqual([1, 1, 0])
  expect(events('record:moved')).toMatchObject([
    { topic: 't', offset: 1, attempt: 1, retryTopic: FIRST, delayMs: 5_000 },
    { topic: FIRST, offset: 0, attempt: 2, retryTopic: SECOND, delayMs: 60_000 },
  ])
  expect(consumer.status()).toMatchObject({ moved: 2, dead: 0, health: { status: 'healthy' } })
})

test('after the last one it is dead, with the place that it came from and all its attempts', async () => {
  const { broker, clock, calls, origins } = await serving(failsTimes('1', 9), {
    onFailure: retry({ attempts: 2, backoff: { fromMs: 10, toMs: 10 } }).then(CHAIN),
  })
  const headers = [
    ['trace', Buffer.from('a')],
    ['__proto__', null],
    ['trace', Buffer.from('b')],
  ] as const
  broker.produce('t', [{ value: '0' }, { value: '1', key: 'k', headers, timestamp: 42 }])
  await clock.advance('90s')
  expect(
    calls.filter((call) => call.startsWith('1 ')).map((call) => call.replace(/.*at (\S+).*(attempt \d)/, '$1 $2')),
  ).toEqual(['t attempt 1', 't attempt 2', `${FIRST} attempt 3`, `${SECOND} attempt 4`])
  const origin = { topic: 't', partition: 0, offset: 1, timestamp: 42 }
  expect(origins.slice(1)).toEqual([origin, origin, origin, origin])
  const [letter] = broker.records(DEAD) as [ConsumerRecord]
  expect(readDeadLetter(letter)).toMatchObject({
    source: { topic: 't', partition: 0, offset: 1, timestamp: 42 },
    attempts: 4,
    firstFailure: new Date('2026-01-01T00:00:00.000Z'),
    key: Buffer.from('k'),
    value: Buffer.from('1'),
  })
  expect([...(readDeadLetter(letter)?.headers ?? [])]).toEqual(headers)
})

test('what cannot succeed is not tried again from a retry topic', async () => {
  const { broker, clock, calls } = await serving((_value, call) => (call === 1 ? new Error('no') : new Fatal('550')))
  broker.produce('t', values(0, 1))
  await clock.advance('90s')
  expect(calls).toHaveLength(2)
  expect(broker.records(DEAD)).toHaveLength(1)
})

test('the delay is counted from its time stamp, across a restart', async () => {
  const { broker, clock, calls, consumer, begin } = await serving(failsTimes('0', 1))
  broker.produce('t', values(0, 1))
  await clock.advance('3s')
  await Promise.all([consumer.stop(), clock.advance('1s')])
  begin()
  await clock.advance('2s')
  expect(calls[1]).toBe(`0 at ${FIRST} 5s, attempt 2`)
})

test('while it waits nothing is polled for, nothing is called slow, and nothing stalls', async () => {
  const { broker, clock, consumer, events } = await serving(failsTimes('0', 2), {
    stallTimeoutMs: 6_000,
    maxPollIntervalMs: 6_000,
  })
  broker.produce('t', values(0, 1))
  await clock.advance('50s')
  expect(consumer.status()).toMatchObject({ health: { status: 'healthy' } })
  expect(consumer.status().partitions.find(({ topic }) => topic === SECOND)).toMatchObject({
    waiting: 1,
    heldRecords: 1,
  })
  expect([events('poll:late'), events('attempt:late'), events('health:changed').length]).toEqual([[], [], 1])
})

test('a retry topic that does not take a record: the record stays open, its partition waits, health is red; then all recovers', async () => {
  const { broker, clock, calls, consumer, events } = await serving(failsTimes('1', 1))
  broker.failProduces(UNREACHABLE, 3)
  broker.produce('t', values(0, 3))
  await clock.settle()
  const [partition] = consumer.status().partitions.filter(({ topic }) => topic === 't')
  expect(partition).toMatchObject({ pausedBy: ['retry topic'], committable: 1 })
  expect(consumer.status().health.reasons.map(({ code }) => code)).toEqual(['retry-topic-failing'])
  await clock.advance('90s')
  expect(events('retrytopic:failed')[0]).toMatchObject({
    retryTopic: FIRST,
    error: { code: 'HF_RETRY_TOPIC_FAILED', cause: UNREACHABLE },
  })
  expect([broker.records(FIRST).length, broker.committed('t', 0), calls.length]).toEqual([1, 3, 4])
  expect(consumer.status()).toMatchObject({ health: { status: 'healthy' } })
})

describe('a record that its retry topic finds too large', () => {
  test('is dead at once, and holds nothing up', async () => {
    const { broker, clock, calls, consumer, events } = await serving(failsTimes('1', 9))
    broker.failProduces(TOO_LARGE, 1)
    broker.produce('t', values(0, 3))
    await clock.advance('5s')
    expect(calls.map((call) => call.slice(0, 6))).toEqual(['0 at t', '1 at t', '2 at t'])
    expect([broker.records(FIRST).length, broker.committed('t', 0)]).toEqual([0, 3])
    const [letter] = broker.records(DEAD) as [ConsumerRecord]
    expect(textsOf(letter)).toMatchObject({ 'holdfast-dead-error-message': 'Error: no', 'holdfast-dead-attempts': '1' })
    expect(events('retrytopic:failed')).toMatchObject([
      {
        offset: 1,
        retryTopic: FIRST,
        retryInMs: undefined,
        error: { code: 'HF_RETRY_TOPIC_FAILED', cause: TOO_LARGE },
      },
    ])
    expect(consumer.status()).toMatchObject({ moved: 0, dead: 1, health: { status: 'healthy' } })
  })

  test('keeps the time and the attempts of its failure when that is found out late', async () => {
    const { broker, clock } = await serving(failsTimes('1', 9))
    broker.failProduces(UNREACHABLE, 2)
    broker.failProduces(TOO_LARGE, 1)
    broker.produce('t', values(0, 3))
    await clock.advance('90s')
    expect(broker.committed('t', 0)).toBe(3)
    const [letter] = broker.records(DEAD) as [ConsumerRecord]
    expect(textsOf(letter)).toMatchObject({
      'holdfast-dead-attempts': '1',
      'holdfast-dead-last-failure': '2026-01-01T00:00:00.000Z',
    })
  })

  test('halts its partition where the policy says so', async () => {
    const { broker, clock, events } = await serving(failsTimes('1', 9), { onFailure: retryTopics(['5s']).then(halt()) })
    broker.failProduces(TOO_LARGE, 1)
    broker.produce('t', values(0, 3))
    await clock.advance('90s')
    expect(broker.committed('t', 0)).toBe(1)
    expect(events('partition:halted')).toMatchObject([{ offset: 1, error: { code: 'HF_HANDLER_FAILED' } }])
  })
})

describe('headers that somebody else wrote', () => {
  const header = (name: string, value: string): readonly [string, Buffer] => [
    `holdfast-retry-${name}`,
    Buffer.from(value),
  ]
  const spoofed = (attempts: string, topic = 't') => [
    header('topic', topic),
    header('partition', '0'),
    header('offset', '7'),
    header('attempts', attempts),
  ]

  test.each([['-1'], ['NaN'], ['1e9'], ['9007199254740993'], ['999999999'], [''], ['0'], ['1000000']])(
    'attempts = %s neither skip the chain nor lengthen it',
    async (attempts) => {
      const { broker, clock, calls } = await serving(() => new Error('no'))
      broker.produce('t', { value: 'a', headers: spoofed(attempts) })
      broker.produce(FIRST, { value: 'b', headers: spoofed(attempts) })
      await clock.advance('200s')
      const of = (value: string): number => calls.filter((call) => call.startsWith(value)).length
      expect([of('a'), of('b')]).toEqual([3, 2])
      expect(broker.records(DEAD)).toHaveLength(2)
    },
  )

  test('a record of an ordinary topic is its own original, and keeps them', async () => {
    const { broker, clock } = await serving(() => new Fatal('no'))
    broker.produce('t', { value: 'a', headers: spoofed('3', 'elsewhere') })
    await clock.advance('5s')
    const [letter] = broker.records(DEAD) as [ConsumerRecord]
    expect(textsOf(letter)).toMatchObject({ 'holdfast-dead-source-topic': 't', 'holdfast-retry-topic': 'elsewhere' })
  })

  test('a source that does not lead here is not believed: no redrive goes there', async () => {
    const { broker, clock } = await serving(() => new Fatal('no'))
    broker.produce(FIRST, { value: 'a', headers: spoofed('3', 'payments') })
    await clock.advance('6s')
    const [letter] = broker.records(DEAD) as [ConsumerRecord]
    expect(textsOf(letter)).toMatchObject({ 'holdfast-dead-source-topic': FIRST, 'holdfast-dead-attempts': '1' })
  })
})

describe('groups that share retry topics', () => {
  /** Two groups that read `t`, of which `a` fails in `t` for each record and `b` never. */
  async function twoGroups(batch: boolean) {
    const broker = fakeBroker()
    for (const topic of ['t', FIRST, DEAD]) broker.createTopic(topic)
    const { clock } = rig({ driver: broker.driver() })
    const calls: string[] = []
    for (const groupId of ['a', 'b']) {
      const handle = ({ topic, value }: ConsumerRecord): Error | undefined => {
        calls.push(`${value} at ${topic} of ${groupId}`)
        return groupId === 'a' && topic === 't' ? new Error('no') : undefined
      }
      const single = on('t', (record) => {
        const error = handle(record)
        if (error !== undefined) throw error
      })
      const handlers = [batch ? on('t', { batch: true }, (records) => records.map(handle)) : single]
      const onFailure = retryTopics(['5s'])
      rig({ driver: broker.driver(), groupId, handlers, deadLetterTopic: DEAD, onFailure, ...UNSAID }, clock).start()
    }
    await clock.settle()
    return { broker, clock, calls }
  }

  test.each([[false], [true]])('handle what failed in them, each its own; in batches: %s', async (batch) => {
    const { broker, clock, calls } = await twoGroups(batch)
    broker.produce('t', values(0, 2))
    await clock.advance('30s')
    expect(calls.toSorted()).toEqual(
      [
        `0 at ${FIRST} of a`,
        '0 at t of a',
        '0 at t of b',
        `1 at ${FIRST} of a`,
        '1 at t of a',
        '1 at t of b',
      ].toSorted(),
    )
    expect([broker.committed(FIRST, 0, 'a'), broker.committed(FIRST, 0, 'b')]).toEqual([2, 2])
  })

  test('handle what names no group, as records of earlier versions do', async () => {
    const { broker, clock, calls } = await twoGroups(true)
    broker.produce(FIRST, { value: 'x' })
    await clock.advance('30s')
    expect(calls.toSorted()).toEqual([`x at ${FIRST} of a`, `x at ${FIRST} of b`])
  })
})
