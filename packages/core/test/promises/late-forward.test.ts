import { expect, test } from 'vitest'
import { on } from '../../src/pipeline/handler.ts'
import { Fatal } from '../../src/policy/verdicts.ts'
import { onScript } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

test('a record that was released at its time-out leaves no dead letter here: its next owner handles it', async () => {
  const handlers = [
    on(
      't',
      (_record, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ),
  ]
  const { driver, epoch, clock, events } = await onScript({
    handlers,
    handlerTimeoutMs: 1_000,
    onHandlerTimeout: 'release',
    deadLetterTopic: 'dead',
    maxAttempts: 1,
  })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.advance('3s')
  expect(driver.calls).toContain('release t/0')
  expect(events('attempt:stale')).toHaveLength(1)
  expect(driver.produced).toEqual([])
})

test('a dead letter that is long in coming is not the handler taking long', async () => {
  const handlers = [
    on('t', () => {
      throw new Fatal('no')
    }),
  ]
  const { driver, epoch, clock, events } = await onScript({
    handlers,
    handlerTimeoutMs: 1_000,
    onHandlerTimeout: 'halt',
    deadLetterTopic: 'dead',
  })
  const taken = Promise.withResolvers<void>()
  driver.answerProducesWith = () => taken.promise
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance('3s')
  taken.resolve()
  await clock.advance('1s')
  expect(events('partition:halted')).toEqual([])
  expect(events('record:dead').map(({ offset }) => offset)).toEqual([0, 1])
})

test.each([
  ['released at its time-out', 'lost'],
  ['given up', 'revoked'],
] as const)(
  'what a batch of a partition that was %s says of its records: what is done counts, and no error leads to a letter',
  async (_, reason) => {
    const aborted = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const handlers = [
      on('t', { batch: true }, async (records, { signal }) => {
        signal.addEventListener('abort', () => aborted.resolve())
        await end.promise
        return records.map(({ offset }) => (offset === 0 ? 'done' : new Error('no')))
      }),
    ]
    const { driver, epoch, clock, events } = await onScript({
      handlers,
      handlerTimeoutMs: reason === 'lost' ? 1_000 : 60_000,
      onHandlerTimeout: 'release',
      drainBudgetMs: 1_000,
      deadLetterTopic: 'dead',
      maxAttempts: 1,
    })
    driver.sink.batch(batchOf(epoch, [0, 1, 2]))
    await clock.settle()
    const revoking = reason === 'revoked' ? driver.sink.revoking([{ topic: 't', partition: 0 }]) : undefined
    await clock.advance('1s')
    await aborted.promise
    end.resolve()
    await clock.advance('3s')
    await revoking
    expect(driver.produced).toEqual([])
    expect(events('record:dead')).toEqual([])
    expect(driver.requests.map(({ offset }) => offset)).toEqual(reason === 'lost' ? [] : [1])
  },
)
