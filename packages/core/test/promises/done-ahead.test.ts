import { expect, test } from 'vitest'
import { decodeDoneAhead, encodeDoneAhead } from '../../src/ledger/done-ahead.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, rig, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

/** Records of which those that `isStuck` names never end. */
function stuck(isStuck: (record: ConsumerRecord) => boolean): {
  readonly options: object
  readonly handled: number[]
} {
  const handled: number[] = []
  const handlers = [
    on('t', (record) => {
      handled.push(record.offset)
      return isStuck(record) ? new Promise(() => undefined) : undefined
    }),
  ]
  return { options: { handlers, order: 'none' }, handled }
}

test('a commit says what is done past its offset, and says it again when more is', async () => {
  const { options } = stuck(({ offset }) => offset === 0)
  const { broker, clock } = await onBroker(options)
  broker.produce('t', values(0, 3))
  await clock.advance('2s')
  const doneAhead = () => decodeDoneAhead(broker.committed('t', 0), broker.committedMetadata('t', 0), 9).doneAhead
  expect([broker.committed('t', 0), doneAhead()]).toEqual([0, [1, 3]])
  broker.produce('t', values(3, 4))
  await clock.advance('2s')
  expect(doneAhead()).toEqual([1, 4])
})

test('what settles while a commit is in flight is in the next one, offset and map of one instant', async () => {
  const gate = new Gate<ConsumerRecord>()
  const { driver, epoch, clock } = await onScript({ handlers: [on('t', gate.handle)], order: 'none' })
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [0, 1, 2]))
  await clock.settle()
  gate.calls[1]?.end()
  await clock.advance('1s')
  for (const call of [0, 2]) gate.calls[call]?.end()
  await clock.settle()
  driver.commits[0]?.answer('ok')
  await clock.advance('1s')
  driver.commits[1]?.answer('ok')
  await clock.advance('10s')
  expect(driver.requests.map(({ offset, metadata = '' }) => [offset, decodeDoneAhead(offset, metadata, 9)])).toEqual([
    [0, { doneAhead: [1, 2] }],
    [3, { doneAhead: [] }],
  ])
})

test('the next owner does not run what was done ahead, counts it, and commits past it', async () => {
  const first = stuck(({ offset }) => offset === 0)
  const { broker, clock, consumer } = await onBroker(first.options)
  broker.produce('t', values(0, 5))
  await clock.advance('2s')
  void consumer.stop({ timeoutMs: 0 })
  await clock.advance('1s')
  const second = stuck(() => false)
  const heir = rig({ driver: broker.driver(), ...second.options }, clock)
  heir.start()
  await clock.advance('10s')
  expect([first.handled, second.handled]).toEqual([[0, 1, 2, 3, 4], [0]])
  expect(heir.events('record:skipped')).toMatchObject([{ count: 4, reason: 'done ahead' }])
  expect(heir.consumer.status().partitions[0]).toMatchObject({ skippedDoneAhead: 4, committed: 5, lag: 0 })
  expect([broker.committed('t', 0), broker.committedMetadata('t', 0)]).toEqual([5, ''])
})

test.each([
  ['foreign', 'by hand', /not written by holdfast/],
  ['cut off', encodeDoneAhead(1, [2, 4]).text.slice(0, -1), /damaged/],
  ['past the end of the log', encodeDoneAhead(1, [2, 900]).text, /up to 900, but the log ends at 5/],
])('a text that is %s is told, and every record runs', async (_, metadata, reason) => {
  const { options, handled } = stuck(() => false)
  const { broker, clock, consumer } = await onBroker(options)
  await consumer.stop()
  broker.produce('t', values(0, 5))
  broker.setCommitted('t', 0, 1, 'g', metadata)
  const heir = rig({ driver: broker.driver(), ...options }, clock)
  heir.start()
  await clock.advance('10s')
  expect(handled).toEqual([1, 2, 3, 4])
  expect(heir.events('metadata:ignored')).toMatchObject([
    { topic: 't', partition: 0, offset: 1, reason: expect.stringMatching(reason) },
  ])
})

test('when the map would soon be too long its partition waits, says so, and goes on when the open record is done', async () => {
  const gate = new Gate<ConsumerRecord>()
  const isHeld = ({ offset }: ConsumerRecord): boolean => offset < 5_000 && offset % 2 === 0
  const handlers = [on('t', (record, context) => (isHeld(record) ? gate.handle(record, context) : undefined))]
  const { driver, epoch, clock, consumer } = await onScript({
    handlers,
    order: 'none',
    concurrency: 3_000,
    maxPollRecords: 6_000,
    maxUncommittedRecords: 1_000_000,
    maxPartitionBufferedRecords: 200_000,
    maxBufferedRecords: 200_000,
  })
  const isHeldBack = (): boolean => consumer.status().partitions[0]?.pausedBy.includes('metadata') === true
  const offsets = Array.from({ length: 100_000 }, (_, offset) => offset)
  driver.sink.batch(batchOf(epoch, offsets))
  await clock.advance('10s')
  expect(isHeldBack()).toBe(true)
  const { committable = -1, settledAhead = 0 } = consumer.status().partitions[0] ?? {}
  expect(committable).toBe(0)
  expect(settledAhead).toBeGreaterThan(40_000)
  expect(settledAhead).toBeLessThan(61_440)
  const { offset, metadata = '' } = driver.requests.at(-1) ?? { offset: -1 }
  expect(decodeDoneAhead(offset, metadata, 100_000).doneAhead?.at(-1)).toBe(committable + settledAhead + 2_500)
  for (const call of gate.calls) call.end()
  await clock.advance('10s')
  expect(isHeldBack()).toBe(false)
  expect(driver.requests.at(-1)).toMatchObject({ offset: 100_000, metadata: '' })
})
