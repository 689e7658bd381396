import { expect, test } from 'vitest'
import { on } from '../../src/pipeline/handler.ts'
import type { Middleware } from '../../src/pipeline/middleware.ts'
import { onBroker, values } from '../support/harness.ts'

test('a middleware hands on some records of a batch, and answers for the others', async () => {
  const seen: { readonly inside: number[]; readonly raw: number[]; readonly topics: unknown }[] = []
  const calls: number[][] = []
  const odd: Middleware = async (call, next) => {
    const records = call.records.filter(({ offset }) => offset % 2 === 1)
    const answers = (await next({ records })) as unknown[]
    return call.records.map((record) => (records.includes(record) ? answers[records.indexOf(record)] : undefined))
  }
  const inner: Middleware = ({ records, raw, topics }, next) => {
    seen.push({ inside: records.map(({ offset }) => offset), raw: raw.map(({ offset }) => offset), topics })
    return next()
  }
  const handler = on('t', { batch: true, use: [inner] }, (records) => {
    calls.push(records.map(({ offset }) => offset))
    return records.map(({ offset }) => (offset === 3 ? new Error('no') : undefined))
  })
  const { broker, clock, events } = await onBroker({ use: [odd], handlers: [handler], maxAttempts: 1 })
  broker.produce('t', values(0, 5))
  await clock.advance('2s')
  expect(calls).toEqual([[1, 3]])
  expect(seen).toEqual([{ inside: [1, 3], raw: [1, 3], topics: ['t'] }])
  expect(events('partition:halted')).toMatchObject([{ offset: 3 }])
  expect(broker.committed('t', 0)).toBe(3)
})

test('settle of what is inside comes to the middleware, which decides when the record is done', async () => {
  const asked: number[] = []
  const slow: Middleware = async (call, next) => {
    const settle = ({ offset }: { readonly offset: number }): void => {
      asked.push(offset)
      call.clock.setTimer(() => call.settle({ offset }), 1_000)
    }
    return next({ settle })
  }
  const settled: number[] = []
  const handler = on('t', { batch: true }, async ([first], { settle }) => {
    settle(first as { readonly offset: number })
    await new Promise(() => undefined)
  })
  const { broker, clock, consumer } = await onBroker({ use: [slow], handlers: [handler] })
  consumer.on('record:settled', ({ offset }) => void settled.push(offset))
  broker.produce('t', values(0, 3))
  await clock.advance('900ms')
  expect([asked, settled]).toEqual([[0], []])
  await clock.advance('1s')
  expect(settled).toEqual([0])
})
