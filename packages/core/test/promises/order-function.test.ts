import { describe, expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { createConsumer } from '../../src/consumer.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { deadLetter, retry, skip } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { onBroker, rig, values } from '../support/harness.ts'

const DEAD = 't.dead'
const UNSAID: object = { maxAttempts: undefined, retryBackoffMs: undefined }
const tenantOf = ({ value }: ConsumerRecord): string => (JSON.parse(String(value)) as { tenant: string }).tenant
/** The third one is hostile to a function that reads JSON. */
const VALUES = ['{"tenant":"a"}', '{"tenant":"b"}', 'null', '{"tenant":"a"}', '{"tenant":"b"}']

async function serving(batch: boolean, options: Partial<ConsumerOptions> = {}, hostile = VALUES[2]) {
  const broker = fakeBroker()
  for (const topic of ['t', 't.retry.5s', DEAD]) broker.createTopic(topic)
  const handled: number[] = []
  const handler = batch
    ? on('t', { batch: true }, (records) => void handled.push(...records.map(({ offset }) => offset)))
    : on('t', ({ offset }) => void handled.push(offset))
  broker.produce(
    't',
    VALUES.map((value, index) => ({ value: index === 2 ? hostile : value })),
  )
  const made = rig({ driver: broker.driver(), handlers: [handler], order: tenantOf, maxAttempts: 5, ...options })
  made.start()
  await made.clock.advance('1m')
  return { ...made, broker, handled }
}

describe.each([false, true])('a record for which the function given as order fails; batch: %s', (batch) => {
  const small = batch ? { maxBatchRecords: 2 } : {}

  test('is dead at once, with its bytes; all others are handled', async () => {
    const story = await serving(batch, { deadLetterTopic: DEAD, ...small })
    expect(story.ended()).toBe('running')
    expect(story.handled.toSorted()).toEqual([0, 1, 3, 4])
    expect(story.broker.records(DEAD).map(({ value }) => String(value))).toEqual(['null'])
    expect(story.events('record:dead')).toMatchObject([
      { offset: 2, attempt: 1, error: { code: 'HF_ORDER_FAILED', message: expect.stringContaining('t/0@2') } },
    ])
    expect(story.broker.committed('t', 0)).toBe(5)
  })

  test('halts its partition where there is no dead-letter topic; nothing past it is committed', async () => {
    const { ended, broker, consumer, events } = await serving(batch, small)
    expect(ended()).toBe('running')
    expect(broker.committed('t', 0)).toBe(2)
    expect(events('partition:halted')).toMatchObject([{ offset: 2, error: { code: 'HF_ORDER_FAILED' } }])
    expect(consumer.status().health).toMatchObject({
      status: 'unhealthy',
      reasons: [{ code: 'halted', message: expect.stringMatching(/order\(record\) threw TypeError.*Fix: correct/s) }],
    })
  })

  test('also where it answers neither a text nor a number', async () => {
    const { handled, broker, events } = await serving(batch, { deadLetterTopic: DEAD, ...small }, '{}')
    expect(handled.toSorted()).toEqual([0, 1, 3, 4])
    expect(events('record:dead')).toMatchObject([
      { offset: 2, error: { message: expect.stringContaining('answered undefined') } },
    ])
    expect(broker.committed('t', 0)).toBe(5)
  })
})

test('with at-most-once it is dead as well, and the consumer goes on', async () => {
  const options = { delivery: 'at-most-once', deadLetterTopic: DEAD, maxAttempts: 1 } as const
  const { handled, broker, ended } = await serving(false, options)
  expect(ended()).toBe('running')
  expect(handled.toSorted()).toEqual([0, 1, 3, 4])
  expect(broker.records(DEAD)).toHaveLength(1)
})

test.each([
  ['at-least-once', 3],
  ['at-most-once', 4],
] as const)('%s: it halts its partition, and another one goes on', async (delivery, committed) => {
  const order = ({ partition, offset }: ConsumerRecord): number => {
    if (partition === 0 && offset === 3) throw new Error('no lane')
    return offset
  }
  const { broker, clock, ended } = await onBroker({ order, delivery, maxPollRecords: 2 }, 2)
  broker.produce('t', [...values(0, 6), ...values(0, 6, 1)])
  await clock.advance('1m')
  expect(ended()).toBe('running')
  // At-most-once has committed the poll batch before its records were dealt to lanes.
  expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([committed, 6])
})

test('the failure policy can tell it by what the function threw', async () => {
  const onFailure = retry({ attempts: 3 }).then(deadLetter()).when(TypeError, skip('has no tenant'))
  const { broker, events } = await serving(false, { onFailure, deadLetterTopic: DEAD, ...UNSAID })
  expect(events('record:discarded')).toMatchObject([{ offset: 2, reason: 'has no tenant' }])
  expect([broker.committed('t', 0), broker.records(DEAD).length]).toEqual([5, 0])
})

test('where keys keep their order over retry topics it is dead, and does not keep the partition from starting', async () => {
  const onFailure = retryTopics(['5s'], { keepOrder: true }).then(deadLetter())
  const options = { onFailure, deadLetterTopic: DEAD, ...UNSAID }
  const { broker, clock, handled, events, consumer } = await serving(false, options)
  expect(handled.toSorted()).toEqual([0, 1, 3, 4])
  expect(events('record:moved')).toEqual([])
  // Somebody else has written one to the retry topic, which the next owner looks through before it begins.
  void consumer.stop()
  await clock.advance('1s')
  broker.produce('t.retry.5s', { value: 'null' })
  broker.produce('t', { value: VALUES[0] })
  const seen: string[] = []
  const handlers = [on('t', ({ topic, offset }) => void seen.push(`${topic}@${offset}`))]
  const next = rig({ driver: broker.driver(), handlers, order: tenantOf, ...options }, clock)
  next.start()
  await clock.advance('1m')
  expect(next.events('keyorder:failed')).toEqual([])
  expect(seen).toEqual(['t@5'])
  expect(broker.records(DEAD).map(({ value }) => String(value))).toEqual(['null', 'null'])
  expect([broker.committed('t', 0), broker.committed('t.retry.5s', 0)]).toEqual([6, 1])
})

test('an async function is refused at the start, since it would fail every record', () => {
  const order = (async () => 'a') as never
  const { driver } = { driver: fakeBroker().driver() }
  const make = (): unknown => createConsumer({ driver, groupId: 'g', handlers: [on('t', () => undefined)], order })
  expect(make).toThrow(/order .*not an async one/s)
})
