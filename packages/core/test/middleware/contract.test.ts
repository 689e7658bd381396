import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { AttemptCall, Middleware } from '../../src/pipeline/middleware.ts'
import { withMiddleware } from '../../src/pipeline/with-middleware.ts'
import { Gate, onBroker, onScript, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const ONCE = { maxAttempts: 1 }
const failing = (): never => {
  throw new Error('no')
}

test('the consumer stands outermost, then the handler, in the order of their lists', async () => {
  const steps: string[] = []
  const step =
    (name: string): Middleware =>
    async (_call, next) => {
      steps.push(`${name} >`)
      await next()
      steps.push(`< ${name}`)
    }
  const handlers = [on('t', { use: [step('c')] }, () => void steps.push('handler'))]
  const { broker, clock } = await onBroker({ use: [step('a'), step('b')], handlers })
  broker.produce('t', values(0, 1))
  await clock.advance('2s')
  expect(steps).toEqual(['a >', 'b >', 'c >', 'handler', '< c', '< b', '< a'])
  expect(broker.committed('t', 0)).toBe(1)
})

test('without middleware the handler is called as it is', () => {
  const handle = (): void => undefined
  const definition = on('t', handle)
  const wrapped = withMiddleware([], {
    clock: { now: () => 0, wallNow: () => 0, setTimer: failing },
    laneOf: () => undefined,
  })(definition, handle)
  expect(wrapped).toBe(handle)
})

test('it sees the decoded record, the raw one, and what the handler knows of the attempt', async () => {
  const calls: AttemptCall[] = []
  const look: Middleware = (call, next) => {
    calls.push(call)
    return next()
  }
  const namedHandler = (): void => undefined
  const handlers = [on('t', { value: json(), use: [look] }, namedHandler)]
  const { broker, clock } = await onBroker({ handlers })
  broker.produce('t', [{ value: '{"a":1}' }])
  await clock.settle()
  const [call] = calls as [AttemptCall]
  expect(call).toMatchObject({
    ...{ topic: 't', partition: 0, handler: 'namedHandler', batch: false, attempt: 1, groupId: 'g', epoch: 1 },
    record: { offset: 0, value: { a: 1 } },
    records: [{ value: { a: 1 } }],
    raw: [{ value: Buffer.from('{"a":1}') }],
    clock: clock,
  })
  expect(call.signal.aborted).toBe(false)
  expect(call.deadline).toBeInstanceOf(Date)
  expect(call.logger).toBeDefined()
})

test('a record that does not decode never reaches it', async () => {
  let calls = 0
  const count: Middleware = (_call, next) => {
    calls += 1
    return next()
  }
  const { broker, clock, events } = await onBroker({
    use: [count],
    handlers: [on('t', { value: json() }, () => undefined)],
  })
  broker.produce('t', values(0, 1))
  broker.produce('t', [{ value: 'nonsense' }])
  await clock.settle()
  expect(calls).toBe(1)
  expect(events('partition:halted')).toMatchObject([{ offset: 1, error: { code: 'HF_DECODE_FAILED' } }])
})

test('an answer without next settles the record, and its handler is not called', async () => {
  const seen: number[] = []
  const skipFirst: Middleware = (call, next) => (call.record.offset === 0 ? 'known' : next())
  const handlers = [on('t', ({ offset }) => void seen.push(offset))]
  const { broker, clock } = await onBroker({ handlers, use: [skipFirst] })
  broker.produce('t', values(0, 2))
  await clock.advance('2s')
  expect(seen).toEqual([1])
  expect(broker.committed('t', 0)).toBe(2)
})

test('what it throws is judged as an error of the handler', async () => {
  const attempts: number[] = []
  const throwTwice: Middleware = ({ attempt }, next) => {
    attempts.push(attempt)
    return attempt < 3 ? failing() : next()
  }
  const { broker, clock, events } = await onBroker({ use: [throwTwice] })
  broker.produce('t', values(0, 1))
  await clock.advance('10s')
  expect(attempts).toEqual([1, 2, 3])
  expect(events('attempt:failed').map(({ error }) => (error as Error).message)).toEqual(['no', 'no'])
  expect(broker.committed('t', 0)).toBe(1)
})

test('one that swallows errors has the record done', async () => {
  const swallow: Middleware = async (_call, next) => {
    await next().catch(() => undefined)
  }
  const { broker, clock, events } = await onBroker({ use: [swallow], handlers: [on('t', failing)] })
  broker.produce('t', values(0, 1))
  await clock.advance('2s')
  expect(broker.committed('t', 0)).toBe(1)
  expect(events('attempt:failed')).toEqual([])
})

const FORGETFUL: [string, Middleware][] = [
  ['does not await next', (_call, next) => void next()],
  ['does not await next in an async function', async (_call, next) => void next()],
  ['handles what it does not await', async (_call, next) => void next().catch(() => undefined)],
  ['wins a race against next', async (_call, next) => void (await Promise.race([next(), undefined]))],
]

test.each(FORGETFUL)(
  'where a middleware %s, the attempt waits: the next record of the key does not begin',
  async (_name, use) => {
    const gate = new Gate<ConsumerRecord>()
    const { broker, clock } = await onBroker({ use: [use], handlers: [on('t', gate.handle)] })
    broker.produce('t', values(0, 2))
    await clock.advance('5s')
    expect(gate.calls).toHaveLength(1)
    expect(broker.committed('t', 0)).toBe(-1)
    gate.calls[0]?.end()
    await clock.settle()
    expect(gate.calls).toHaveLength(2)
  },
)

test.each([
  ...FORGETFUL.map(([name, use]) => [name, 'late', use] as const),
  // The race sees an error that is there before it returns.
  ...FORGETFUL.slice(0, 3).map(([name, use]) => [name, 'at once', use] as const),
])('where a middleware %s, an error of the handler that comes %s fails the attempt', async (_name, when, use) => {
  const late = async (): Promise<void> => {
    await new Promise<void>((resolve) => void clock.setTimer(resolve, 100))
    failing()
  }
  const handlers = [on('t', when === 'late' ? late : failing)]
  const { broker, clock, events } = await onBroker({ ...ONCE, use: [use], handlers })
  broker.produce('t', values(0, 1))
  await clock.advance('2s')
  expect(events('partition:halted')).toMatchObject([{ offset: 0 }])
  expect(broker.committed('t', 0)).toBe(-1)
})

test('one that throws while the handler runs fails the attempt when the handler has ended', async () => {
  const gate = new Gate<ConsumerRecord>()
  const hasty: Middleware = (_call, next) => {
    next()
    failing()
  }
  const { broker, clock, events } = await onBroker({ ...ONCE, use: [hasty], handlers: [on('t', gate.handle)] })
  broker.produce('t', values(0, 1))
  await clock.advance('1s')
  expect(events('attempt:failed')).toEqual([])
  gate.calls[0]?.end()
  await clock.settle()
  expect(events('attempt:failed')).toMatchObject([{ error: { message: 'no' } }])
})

test('one that never settles is under the deadline of the attempt', async () => {
  const hang: Middleware = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  const { broker, clock, events } = await onBroker({ ...ONCE, use: [hang], handlerTimeoutMs: 10_000 })
  broker.produce('t', values(0, 1))
  await clock.advance('15s')
  expect(events('attempt:late').map(({ rung }) => rung)).toContain('abort')
  expect(events('attempt:failed')).toMatchObject([{ error: { code: 'HF_ABORTED', details: { reason: 'deadline' } } }])
})

test('and where it ignores the signal, what onHandlerTimeout says follows', async () => {
  const hang: Middleware = () => new Promise(() => undefined)
  const options = { use: [hang], handlerTimeoutMs: 10_000, onHandlerTimeout: 'halt' as const }
  const { broker, clock, events } = await onBroker(options)
  broker.produce('t', values(0, 1))
  await clock.advance('15s')
  expect(events('partition:halted')).toMatchObject([{ offset: 0, error: { code: 'HF_HANDLER_TIMEOUT' } }])
})

test('the raw records of a batch end where the decoded ones do', async () => {
  const calls: AttemptCall[] = []
  const look: Middleware = (call) => void calls.push(call)
  const handlers = [on('t', { batch: true, value: json() }, () => undefined)]
  const { broker, clock } = await onBroker({ ...ONCE, use: [look], handlers })
  broker.produce('t', [...values(0, 2), { value: 'nonsense' }])
  await clock.settle()
  expect(calls.map(({ batch, records, raw }) => [batch, records.length, raw.length])).toEqual([[true, 2, 2]])
  expect(calls[0]?.record.offset).toBe(0)
})

test('with at-most-once it stands around the one attempt, after the commit', async () => {
  const seen: number[] = []
  const use: Middleware = ({ record }) => {
    seen.push(record.offset)
    return record.offset === 1 ? failing() : undefined
  }
  const { driver, clock, epoch, events } = await onScript({ use: [use], delivery: 'at-most-once' })
  driver.answerWith = undefined
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.settle()
  expect(seen).toEqual([])
  driver.commits[0]?.answer('ok')
  await clock.advance('1m')
  expect(seen).toEqual([0, 1])
  expect(events('partition:halted')).toMatchObject([{ offset: 1 }])
})

test.each<[string, unknown]>([
  ['no list', () => undefined],
  ['a list with something else', [1]],
])('use that is %s is refused, of a handler and of a consumer', async (_name, given) => {
  const use = given as readonly Middleware[]
  const refused = expect.objectContaining({ code: 'HF_OPTION_INVALID', message: expect.stringMatching(/middleware/) })
  expect(() => on('t', { use }, () => undefined)).toThrow(refused)
  await expect(onBroker({ use })).rejects.toEqual(refused)
})

test('the configuration shows them by name', async () => {
  async function audit(): Promise<void> {}
  const { consumer } = await onBroker({ use: [audit, () => undefined] })
  expect(consumer.config.find(({ name }) => name === 'use')?.value).toBe('[ audit, anonymous ]')
})
