import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, rig } from '../support/harness.ts'
import { ScriptedDriver } from '../support/scripted-driver.ts'

const SEVERAL = { order: 'key', maxPollRecords: 6, maxBatchRecords: 2 } as const

const gated = (): { gate: Gate<readonly ConsumerRecord[]>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<readonly ConsumerRecord[]>()
  return { gate, handlers: [on('t', { batch: true }, gate.handle)] }
}
const offsetsOf = (gate: Gate<readonly ConsumerRecord[]>): number[][] =>
  gate.calls.map(({ input }) => input.map(({ offset }) => offset))
const keyed = (...keys: string[]): { key: string; value: string }[] => keys.map((key) => ({ key, value: key }))

test('several batches of a partition run at once, each with keys of its own', async () => {
  const { gate, handlers } = gated()
  const { broker, clock } = await onBroker({ ...SEVERAL, handlers })
  broker.produce('t', keyed('a', 'b', 'c', 'a', 'd', 'e', 'f', 'g'))
  await clock.settle()
  const first = [
    [0, 3],
    [1, 2],
    [4, 5],
  ]
  expect(offsetsOf(gate)).toEqual(first)
  gate.calls[1]?.end()
  await clock.settle()
  expect(offsetsOf(gate)).toEqual([...first, [6, 7]])
  for (const call of gate.calls) call.end()
  await clock.settle()
  for (const call of gate.calls) call.end()
  await clock.advance('2s')
  expect(
    offsetsOf(gate)
      .flat()
      .toSorted((a, b) => a - b),
  ).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(broker.committed('t', 0)).toBe(8)
})

test('no more of them run than there are slots, and than concurrencyPerPartition allows', async () => {
  for (const limit of [{ concurrency: 2 }, { concurrencyPerPartition: 2 }]) {
    const { gate, handlers } = gated()
    const { broker, clock } = await onBroker({ ...SEVERAL, ...limit, handlers })
    broker.produce('t', keyed('a', 'b', 'c', 'd', 'e', 'f'))
    await clock.settle()
    expect(offsetsOf(gate)).toEqual([
      [0, 1],
      [2, 3],
    ])
  }
})

test('a failed batch waits for its back-off while others of its partition run', async () => {
  const { gate, handlers } = gated()
  const { broker, clock } = await onBroker({ ...SEVERAL, handlers, concurrency: 1 })
  broker.produce('t', keyed('a', 'b', 'c', 'd'))
  await clock.settle()
  gate.calls[0]?.fail(new Error('no'))
  await clock.settle()
  gate.calls[1]?.end()
  await clock.advance('1s')
  expect(offsetsOf(gate)).toEqual([
    [0, 1],
    [2, 3],
    [0, 1],
  ])
})

test('with order by partition a partition runs one batch at a time', async () => {
  const { gate, handlers } = gated()
  const { broker, clock } = await onBroker({ ...SEVERAL, order: 'partition', handlers })
  broker.produce('t', keyed('a', 'b', 'c', 'd'))
  await clock.settle()
  expect(offsetsOf(gate)).toEqual([[0, 1]])
})

test('a batch larger than what may be admitted is refused', () => {
  expect(() => rig({ driver: new ScriptedDriver().factory, maxPollRecords: 10, maxBatchRecords: 11 })).toThrow(
    /HF_OPTION_INVALID: maxBatchRecords = 11 must be at most maxPollRecords = 10/,
  )
})
