import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import { rig } from '../support/harness.ts'

const DEAD = 't.dead'
const LONG = 'x'.repeat(101)

/** Three records, of which the middle one is beyond a limit. */
async function serving(batch: boolean, options: object) {
  const broker = fakeBroker()
  broker.createTopic('t')
  broker.createTopic(DEAD)
  const handled: number[] = []
  const handler = batch
    ? on('t', { batch: true }, (records) => void handled.push(...records.map(({ offset }) => offset)))
    : on('t', ({ offset }) => void handled.push(offset))
  broker.produce('t', [{ value: 'a' }, { value: LONG, headers: { mine: 'y' } }, { value: 'c' }])
  const made = rig({
    driver: broker.driver(),
    handlers: [handler],
    maxAttempts: 5,
    maxRecordValueBytes: 100,
    ...options,
  })
  made.start()
  await made.clock.advance('1m')
  return { ...made, broker, handled }
}

test.each([false, true])('a record beyond a limit is dead at once, with its bytes; batch: %s', async (batch) => {
  const { broker, handled, events } = await serving(batch, { deadLetterTopic: DEAD })
  expect(handled).toEqual([0, 2])
  expect(broker.records(DEAD).map(({ value }) => String(value))).toEqual([LONG])
  expect(events('record:dead')).toMatchObject([{ offset: 1, attempt: 1, error: { code: 'HF_RECORD_LIMIT' } }])
  expect(broker.committed('t', 0)).toBe(3)
})

test('without a dead-letter topic it halts its partition, and says which limit', async () => {
  const { broker, handled, consumer } = await serving(false, {})
  expect(handled).toEqual([0])
  expect(broker.committed('t', 0)).toBe(1)
  expect(consumer.status().health).toMatchObject({
    status: 'unhealthy',
    reasons: [{ code: 'halted', message: expect.stringMatching(/maxRecordValueBytes = 100\.\n .*Fix: raise/) }],
  })
})

test('JSON that is nested too deep is such a record', async () => {
  const handler = on('t', { value: json() }, () => undefined)
  const { broker, clock, events } = await serving(false, {
    handlers: [handler],
    deadLetterTopic: DEAD,
    maxRecordValueBytes: 1_000_000,
  })
  broker.produce('t', { value: '['.repeat(10_000) })
  await clock.advance('1m')
  expect(events('record:dead').map(({ error }) => (error as { code: string }).code)).toEqual([
    'HF_DECODE_FAILED',
    'HF_DECODE_FAILED',
    'HF_DECODE_FAILED',
    'HF_RECORD_LIMIT',
  ])
})
