import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, values } from '../support/harness.ts'

const offsetsOf = (gate: Gate<readonly ConsumerRecord[]>): number[][] =>
  gate.calls.map(({ input }) => input.map(({ offset }) => offset))
const gated = (): { gate: Gate<readonly ConsumerRecord[]>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<readonly ConsumerRecord[]>()
  return { gate, handlers: [on('t', { batch: true }, gate.handle)] }
}

test('a batch handler takes up to maxPollRecords of one partition, and is settled as one', async () => {
  const { gate, handlers } = gated()
  const { broker, clock } = await onBroker({ handlers, maxPollRecords: 4 }, 2)
  broker.produce('t', [...values(0, 6, 0), ...values(0, 2, 1)])
  await clock.settle()
  expect(offsetsOf(gate)).toEqual([
    [0, 1, 2, 3],
    [0, 1],
  ])
  gate.calls[0]?.end()
  await clock.advance('2s')
  expect(offsetsOf(gate)).toEqual([
    [0, 1, 2, 3],
    [0, 1],
    [4, 5],
  ])
  expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([4, -1])
})

test('a batch that is not full waits maxPollWaitMs from its first record, and no longer than until it is full', async () => {
  const { gate, handlers } = gated()
  const { broker, clock } = await onBroker({ handlers, maxPollRecords: 3, maxPollWaitMs: 500 })
  broker.produce('t', values(0, 1))
  await clock.advance(300)
  broker.produce('t', values(1, 2))
  await clock.advance(199)
  expect(gate.calls).toHaveLength(0)
  await clock.advance(1)
  expect(offsetsOf(gate)).toEqual([[0, 1]])
  gate.calls[0]?.end()
  await clock.settle()
  broker.produce('t', values(2, 5))
  await clock.settle()
  expect(offsetsOf(gate)).toEqual([
    [0, 1],
    [2, 3, 4],
  ])
})

test('a batch that is full by bytes does not wait', async () => {
  const { gate, handlers } = gated()
  const { broker, clock } = await onBroker({ handlers, maxPollRecords: 100, maxPollBytes: 500, maxPollWaitMs: 60_000 })
  broker.produce(
    't',
    Array.from({ length: 5 }, () => ({ value: 'x'.repeat(200) })),
  )
  await clock.settle()
  expect(gate.calls).toHaveLength(1)
})

test('a record larger than maxPollBytes is admitted alone', async () => {
  const { gate, handlers } = gated()
  const { broker, clock } = await onBroker({ handlers, maxPollBytes: 200 })
  broker.produce(
    't',
    ['a', 'x'.repeat(1_000), 'b'].map((value) => ({ value })),
  )
  for (let call = 0; call < 3; call += 1) {
    await clock.settle()
    gate.calls[call]?.end()
  }
  await clock.settle()
  expect(offsetsOf(gate)).toEqual([[0], [1], [2]])
})

test('a failed batch is tried again with the same records, though more have come', async () => {
  const { gate, handlers } = gated()
  const { broker, clock } = await onBroker({ handlers })
  broker.produce('t', values(0, 2))
  await clock.settle()
  broker.produce('t', values(2, 4))
  gate.calls[0]?.fail(new Error('no'))
  await clock.advance('1s')
  expect(offsetsOf(gate)).toEqual([
    [0, 1],
    [0, 1],
  ])
  gate.calls[1]?.end()
  await clock.settle()
  expect(offsetsOf(gate).at(-1)).toEqual([2, 3])
})

test('a batch whose attempts are used up halts at its first record', async () => {
  const { gate, handlers } = gated()
  const { broker, clock, events } = await onBroker({ handlers, maxAttempts: 1 })
  broker.produce('t', values(0, 3))
  await clock.settle()
  gate.calls[0]?.fail(new Error('no'))
  await clock.advance('1m')
  expect(events('partition:halted')).toMatchObject([{ offset: 0 }])
  expect(broker.committed('t', 0)).toBe(-1)
})

for (const kind of ['sync', 'async'] as const) {
  test(`records before one that does not decode are handled, then the partition halts at it (${kind})`, async () => {
    const batches: unknown[][] = []
    const decode = json()
    const value = kind === 'sync' ? decode : async (bytes: Buffer | null) => decode(bytes)
    const handlers = [
      on('t', { batch: true, value }, (records) => void batches.push(records.map((record) => record.value))),
    ]
    const { broker, clock, events } = await onBroker({ handlers })
    broker.produce(
      't',
      ['1', '2', '{', '4'].map((text) => ({ value: text })),
    )
    await clock.advance('1m')
    expect(batches).toEqual([[1, 2]])
    expect(events('partition:halted')).toMatchObject([{ offset: 2, error: { code: 'HF_DECODE_FAILED' } }])
    expect(broker.committed('t', 0)).toBe(2)
  })
}
