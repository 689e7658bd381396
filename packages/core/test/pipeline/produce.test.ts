import { describe, expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { declareMiddleware } from '../../src/pipeline/middleware.ts'
import { deadLetter } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { type CopyOptions, copying, numbers, ON, pass, UNSAID } from '../support/copy-scene.ts'
import { onBroker, rig, values } from '../support/harness.ts'

describe('batches', () => {
  test('outputs without a source stand for the whole batch', async () => {
    const handler = on('t', { batch: true }, (records, { produce }) =>
      produce(records.map(({ value }) => ({ topic: 'out', value }))),
    )
    const story = await copying({ handlers: [handler] })
    story.broker.produce('t', values(0, 10))
    await pass(story)
    expect(story.out()).toEqual(numbers(10))
  })

  test('outputs that name their source follow it, when others of the batch fail', async () => {
    let isFirst = true
    const handler = on('t', { batch: true }, (records, { produce }) => {
      for (const record of records) produce({ topic: 'out', value: record.value }, record)
      const fails = isFirst
      isFirst = false
      return records.map(({ value }: ConsumerRecord) => (fails && String(value) === '3' ? new Error('no') : undefined))
    })
    const story = await copying({ handlers: [handler] })
    story.broker.produce('t', values(0, 5))
    for (let round = 0; round < 3; round += 1) await pass(story)
    expect(story.out()).toEqual(numbers(5))
  })

  test('outputs without a source fail a batch of which only a part succeeds', async () => {
    let calls = 0
    const handler = on('t', { batch: true }, (records, { produce }) => {
      calls += 1
      produce(records.map(({ value }) => ({ topic: 'out', value })))
      return records.map((_, index) => (calls === 1 && index === 0 ? new Error('no') : undefined))
    })
    const story = await copying({ handlers: [handler] })
    story.broker.produce('t', values(0, 5))
    for (let round = 0; round < 3; round += 1) await pass(story)
    expect(story.out()).toEqual(numbers(5))
    expect(story.events('attempt:failed')[0]?.error).toMatchObject({ code: 'HF_OUTPUT_REFUSED' })
  })
})

describe('refusals', () => {
  const refusal = (options: CopyOptions): unknown => {
    try {
      rig({ driver: fakeBroker().driver(), ...options })
    } catch (error) {
      return error
    }
    return undefined
  }

  test.each([
    ['exactly-once by nothing', { delivery: 'exactly-once' }, 'transactions: true'],
    ['transactions with another promise', { transactions: true }, 'delivery = "exactly-once"'],
    ['no order', { ...ON, order: 'none' }, 'order = "key" or "partition"'],
    ['what is not committed', { ...ON, isolationLevel: 'read_uncommitted' }, 'isolationLevel = "read_committed"'],
    [
      'records that are moved outside the transaction',
      {
        ...ON,
        maxAttempts: undefined,
        ...UNSAID,
        onFailure: retryTopics(['1s']).then(deadLetter({ topic: 'd' })),
      } as object,
      'retry({ attempts })',
    ],
    [
      'what is noted as done before the transaction is committed',
      { ...ON, use: [declareMiddleware((_, next) => next(), { provides: 'effects once' })] },
      'a consumer of its own',
    ],
  ] satisfies [string, CopyOptions, string][])('%s', (_, options, fix) => {
    const error = refusal(options)
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toMatchObject({ code: 'HF_PROMISE_CONFLICT', message: expect.stringContaining(fix) })
  })

  test('a driver without transactions', () => {
    const driver = { ...fakeBroker().driver(), hasTransactions: false }
    expect(refusal({ ...ON, driver })).toMatchObject({ message: expect.stringContaining('fake driver') })
  })

  test('context.produce without transactions halts at the record, and says what to do', async () => {
    const { broker, clock, events } = await onBroker({
      maxAttempts: 1,
      handlers: [on('t', ({ value }, { produce }) => produce({ topic: 'out', value }))],
    })
    broker.produce('t', values(0, 1))
    await clock.settle()
    expect(events('attempt:failed')[0]?.error).toMatchObject({
      code: 'HF_OUTPUT_REFUSED',
      message: expect.stringContaining('transactions: true'),
    })
  })

  test('context.produce after the attempt has ended throws', async () => {
    let late: unknown
    const story = await copying({
      handlers: [
        on('t', (_, { produce }) => {
          setImmediate(() => {
            try {
              produce({ topic: 'out' })
            } catch (error) {
              late = error
            }
          })
        }),
      ],
    })
    story.broker.produce('t', values(0, 1))
    await pass(story)
    expect(late).toMatchObject({ code: 'HF_OUTPUT_REFUSED' })
  })

  test('what is no record', async () => {
    const story = await copying({
      maxAttempts: 1,
      handlers: [on('t', (_, { produce }) => produce({ topic: 'out', value: 7 as never }))],
    })
    story.broker.produce('t', values(0, 1))
    await pass(story)
    expect(story.events('attempt:failed')[0]?.error).toMatchObject({ code: 'HF_OUTPUT_INVALID' })
  })
})
