import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { isHeadBlocking } from '../../src/policy/head-of-line.ts'
import { onBroker, values } from '../support/harness.ts'

test.each([
  [{ settledAhead: 750, admitted: 1 }, true],
  [{ settledAhead: 749, admitted: 1 }, false],
  [{ settledAhead: 900, admitted: 300 }, false],
])('of 1,000 records that may be done ahead, with %j the head is the blocker: %s', (window, expected) => {
  expect(isHeadBlocking({ ...window, maxUncommittedRecords: 1_000 })).toBe(expected)
})

test('the record that holds back a window of done ones is named, once, with its age and handler', async () => {
  const stuck = Promise.withResolvers<void>()
  const sendMail = async ({ offset }: ConsumerRecord): Promise<void> => {
    if (offset === 3) await stuck.promise
  }
  const { broker, clock, consumer, events } = await onBroker({
    order: 'none',
    maxUncommittedRecords: 100,
    handlers: [on('t', sendMail)],
  })
  const blocker = () => consumer.status().partitions[0]?.blockedBy
  broker.produce('t', values(0, 60))
  await clock.advance('2s')
  expect([blocker(), events('partition:blocked')]).toEqual([undefined, []])
  broker.produce('t', values(60, 100))
  await clock.advance('3s')
  expect(events('partition:blocked')).toMatchObject([
    { topic: 't', partition: 0, offset: 3, handler: 'sendMail', attempt: 1, settledAhead: 96, limit: 100 },
  ])
  expect(blocker()).toMatchObject({ offset: 3, ageMs: 5_000 })
  stuck.resolve()
  await clock.advance('1s')
  expect(blocker()).toBeUndefined()
  expect(broker.committed('t', 0)).toBe(100)
})

test('a record that waits for its next attempt is named as well, without one', async () => {
  let failures = 0
  const { broker, clock, consumer } = await onBroker({
    order: 'none',
    maxUncommittedRecords: 20,
    maxAttempts: 50,
    retryBackoffMs: 30_000,
    handlers: [
      on('t', ({ offset }) => {
        if (offset !== 0) return
        failures += 1
        throw new Error('no')
      }),
    ],
  })
  broker.produce('t', values(0, 20))
  await clock.advance('1s')
  expect(consumer.status().partitions[0]?.blockedBy).toMatchObject({ offset: 0, attempt: undefined, settledAhead: 19 })
  expect(failures).toBeGreaterThan(0)
})
