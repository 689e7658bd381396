import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { RetryLater } from '../../src/policy/verdicts.ts'
import { Gate, onBroker, values } from '../support/harness.ts'

const slow = async (options: object = {}) => {
  const gate = new Gate<ConsumerRecord>()
  const handlers = [on('t', (record, context) => (record.partition === 0 ? gate.handle(record, context) : undefined))]
  const made = await onBroker({ handlers, maxPollIntervalMs: 10_000, ...options }, 2)
  made.broker.produce('t', values(0, 2))
  await made.clock.settle()
  return { gate, ...made }
}

test('a slow handler is warned of at half its time, paused at 80 %, aborted at its end; each once', async () => {
  const { gate, clock, events, consumer } = await slow()
  await clock.advance(4_999)
  expect(events('attempt:late')).toEqual([])
  await clock.advance(201)
  expect(events('attempt:late').map(({ rung }) => rung)).toEqual(['warn'])
  expect(consumer.status().health.status).toBe('healthy')
  await clock.advance(3_000)
  expect(events('attempt:late').map(({ rung }) => rung)).toEqual(['warn', 'pause'])
  expect(consumer.status().partitions.map(({ pausedBy }) => pausedBy)).toEqual([['watchdog'], []])
  expect(consumer.status().health).toMatchObject({ status: 'degraded' })
  expect(gate.calls[0]?.signal.aborted).toBe(false)
  await clock.advance(2_000)
  expect(events('attempt:late').map(({ rung }) => rung)).toEqual(['warn', 'pause', 'abort'])
  expect(gate.calls[0]?.signal.reason).toMatchObject({ code: 'HF_ABORTED', details: { reason: 'deadline' } })
  await clock.advance('5m')
  expect(events('attempt:late').map(({ rung }) => rung)).toEqual(['warn', 'pause', 'abort', 'ignored'])
})

test('the pause ends when all is done that was admitted with the slow record, also after the deadline', async () => {
  const { gate, clock, events, consumer, broker } = await slow()
  await clock.advance(30_000)
  gate.calls[0]?.end()
  await clock.advance(1_000)
  expect(broker.committed('t', 0)).toBe(1)
  expect(events('poll:late').map(({ rung, offset }) => [rung, offset])).toEqual([
    ['warn', 1],
    ['pause', 1],
    ['overrun', 1],
  ])
  expect(consumer.status().partitions[0]).toMatchObject({ pausedBy: ['watchdog'], deadline: { remaining: 0 } })
  gate.calls[1]?.end()
  await clock.advance(250)
  expect(events('partition:resumed')).toMatchObject([{ partition: 0 }])
  expect(consumer.status().partitions[0]).toMatchObject({ pausedBy: [], deadline: undefined })
})

test('a handler that rejects at its deadline has used an attempt', async () => {
  const { gate, clock, events } = await slow({ maxAttempts: 2 })
  await clock.advance(11_000)
  gate.calls[0]?.fail(gate.calls[0].signal.reason)
  await clock.advance(1_000)
  expect(events('attempt:failed')).toMatchObject([{ attempt: 1 }])
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([0, 0])
})

test('the time between attempts is not counted against the handler', async () => {
  const { gate, clock, events } = await slow({ retryBackoffMs: 60_000, retryBackoffMaxMs: 60_000 })
  gate.calls[0]?.fail(new Error('no'))
  await clock.advance('2m')
  expect(gate.calls.length).toBeGreaterThan(1)
  expect(events('attempt:late').every(({ attempt }) => attempt === 2)).toBe(true)
})

test('a record that waits long between attempts holds its key, and no other', async () => {
  const done: string[] = []
  const handle = ({ value }: ConsumerRecord, { attempt }: { attempt: number }): void => {
    if (String(value) === 'a1' && attempt === 1) throw new RetryLater(20 * 60_000)
    done.push(String(value))
  }
  const { broker, clock, consumer, events } = await onBroker({ order: 'key', handlers: [on('t', handle)] })
  for (const value of ['a1', 'a2']) broker.produce('t', { key: 'a', value })
  for (let minute = 1; minute < 20; minute += 1) {
    broker.produce('t', { key: `b${minute}`, value: `b${minute}` })
    await clock.advance('1m')
    expect([done.at(-1), consumer.status().health.status]).toEqual([`b${minute}`, 'healthy'])
  }
  await clock.advance('2m')
  expect(done.slice(-2)).toEqual(['a1', 'a2'])
  expect(events('poll:late')).toEqual([])
})

test('what a record takes in all of its attempts counts, however it waits between them', async () => {
  const { gate, clock, consumer, events } = await slow({ retryBackoffMs: 60_000, retryBackoffMaxMs: 60_000 })
  const pauses: (readonly string[] | undefined)[] = []
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await clock.advance(3_000)
    pauses.push(consumer.status().partitions[0]?.pausedBy)
    gate.calls[attempt]?.fail(new Error('no'))
    while (gate.calls.length === attempt + 1) await clock.advance(100)
  }
  expect(pauses).toEqual([[], [], ['watchdog']])
  expect(events('attempt:late').map(({ rung }) => rung)).not.toContain('pause')
  expect(events('poll:late').map(({ rung }) => rung)).toEqual(['warn', 'pause'])
})
