import { expect, test } from 'vitest'
import { timeout } from '../../src/middleware/timeout.ts'
import { on } from '../../src/pipeline/handler.ts'
import { declareMiddleware, type Middleware } from '../../src/pipeline/middleware.ts'
import { onBroker } from '../support/harness.ts'
import { Counter, hanging, records, scene, timeTo, wait } from '../support/lent-slots-scene.ts'

test('what waits for a slot begins when one takes the place of a handler that is not waited for', async () => {
  let isQuick = true
  const never = Promise.withResolvers<void>()
  const handlers = new Counter()
  const stored: Middleware = async (call, next) => {
    await wait(call, 10)
    await next()
    await wait(call, 10)
  }
  const made = await onBroker(
    {
      order: 'none',
      concurrency: 1,
      commitInterval: { ms: 10 },
      handlerTimeoutMs: 1_000,
      onHandlerTimeout: 'halt',
      use: [declareMiddleware(stored, { lendsSlot: true })],
      handlers: [
        on('t', ({ partition }) =>
          handlers.around(() => (isQuick || partition === 1 ? wait(made, 10) : never.promise)),
        ),
      ],
    },
    2,
  )
  const both = (count: number) => [0, 1].flatMap((partition) => records(count).map((each) => ({ ...each, partition })))
  made.broker.produce('t', both(50))
  await made.clock.advance('5s')
  isQuick = false
  made.broker.produce('t', both(20))
  await made.clock.advance('10s')
  expect(made.events('partition:halted')).toHaveLength(1)
  expect(made.broker.committed('t', 1)).toBe(70)
  // It comes back, and its slot is one too many again.
  handlers.most = 0
  made.broker.produce(
    't',
    both(200).filter(({ partition }) => partition === 1),
  )
  await made.clock.advance(105)
  never.resolve()
  await made.clock.advance(1)
  handlers.most = 0
  await made.clock.advance('1s')
  expect(handlers.most).toBe(1)
})

test('more slots are used at once also where no handler ends', async () => {
  const made = await hanging()
  made.consumer.setConcurrency(4)
  await made.clock.advance(50)
  expect(made.handlers.now).toBe(4)
})

test('what waits for a slot when the consumer stops is not begun', async () => {
  const made = await hanging()
  const begun = made.handlers.begun
  const stopped = made.consumer.stop({ timeoutMs: 10_000 })
  await made.clock.advance(10)
  made.release()
  await made.clock.advance(100)
  expect(made.handlers.begun - begun).toBe(0)
  await made.clock.advance('20s')
  await stopped
})

test('what waits for a slot when its partition halts is not begun', async () => {
  let isQuick = true
  const first = Promise.withResolvers<void>()
  const others = Promise.withResolvers<void>()
  const made = await scene(
    { storeMs: 10, handle: (_, at) => (isQuick ? wait(at, 10) : hang()) },
    { concurrency: 2, commitInterval: { ms: 10 }, retryBackoffMs: 1, maxAttempts: 1 },
  )
  const hang = (): Promise<void> => (made.handlers.begun === 101 ? first.promise : others.promise)
  made.broker.produce('t', records(100))
  await timeTo(made, 100)
  isQuick = false
  made.broker.produce('t', records(20))
  await made.clock.advance(100)
  expect(made.attempts.now).toBeGreaterThan(4)
  first.reject(new Error('for good'))
  await made.clock.advance('1s')
  expect(made.events('partition:halted')).toHaveLength(1)
  const begun = made.handlers.begun
  others.resolve()
  await made.clock.advance('1s')
  expect(made.handlers.begun).toBe(begun)
})

test('what waits for a slot when an eager join drains is not begun, and has its turn when the partition comes back', async () => {
  let [handlerMs, isFailing] = [10, false]
  const attempts: number[] = []
  const made = await scene(
    {
      storeMs: 10,
      handle: async ({ attempt }, at) => {
        attempts.push(attempt)
        await wait(at, handlerMs)
        if (isFailing) throw new Error('no')
      },
    },
    {
      concurrency: 2,
      commitInterval: { ms: 10 },
      partitionAssignmentStrategy: ['range'],
      drainBudgetMs: 4_000,
      retryBackoffMs: 1_000,
      retryBackoffMaxMs: 1_000,
      maxAttempts: 3,
    },
  )
  made.broker.produce('t', records(100))
  await timeTo(made, 100)
  isFailing = true
  made.broker.produce('t', records(20))
  while (made.events('attempt:failed').length < 20 && made.clock.now() < 60_000) await made.clock.advance(10)
  const failed = made.events('attempt:failed').length
  handlerMs = 3_000
  isFailing = false
  await made.clock.advance('1500ms')
  expect([made.handlers.now, made.attempts.now > 4]).toEqual([2, true])
  const { begun } = made.handlers
  void made.broker.rebalance()
  await made.clock.advance(10)
  handlerMs = 10
  await made.clock.advance('1400ms')
  expect(made.handlers.begun).toBe(begun)
  await made.clock.advance('2s')
  expect(made.events('drain:overrun')).toEqual([])
  expect(made.events('group:joined').map(({ added }) => added.length)).toEqual([1, 0])
  expect(made.events('attempt:failed')).toHaveLength(failed)
  expect(attempts.slice(-18)).toEqual(new Array(18).fill(2))
  expect(made.broker.committed('t', 0)).toBe(120)
})

/** Two handlers that hang, and attempts that wait for a store which is slow to answer. */
async function asking() {
  let isQuick = true
  const handlers = new Counter()
  const asks = new Counter()
  const held = Promise.withResolvers<void>()
  let asked = Promise.resolve()
  const store: Middleware = async (call, next) => {
    await asks.around(async () => {
      await wait(call, 10)
      await asked
    })
    await next()
    await wait(call, 10)
  }
  const made = await onBroker({
    order: 'none',
    concurrency: 2,
    commitInterval: { ms: 10 },
    maxAttempts: 1,
    use: [declareMiddleware(store, { lendsSlot: true })],
    handlers: [on('t', () => handlers.around(() => (isQuick ? wait(made, 10) : held.promise)))],
  })
  made.broker.produce('t', records(100))
  await made.clock.advance('5s')
  isQuick = false
  made.broker.produce('t', records(2))
  await made.clock.advance(50)
  const { promise, resolve: answer } = Promise.withResolvers<void>()
  asked = promise
  made.broker.produce('t', records(20))
  await made.clock.advance(100)
  expect([handlers.now, asks.now > 0]).toEqual([2, true])
  return { ...made, handlers, held, answer }
}

test('what asks its store when the consumer stops is not begun either', async () => {
  const { consumer, clock, handlers, held, answer } = await asking()
  const { begun } = handlers
  const stopped = consumer.stop({ timeoutMs: 10_000 })
  await clock.advance(10)
  answer()
  await clock.advance(10)
  held.resolve()
  await clock.advance('1s')
  expect(handlers.begun).toBe(begun)
  expect(await stopped).toEqual({ abandoned: [] })
})

test('what asks its store when its partition halts is not begun either', async () => {
  const { clock, handlers, held, answer, events } = await asking()
  const { begun } = handlers
  held.reject(new Error('for good'))
  await clock.advance('1s')
  expect(events('partition:halted')).toHaveLength(1)
  answer()
  await clock.advance('1s')
  expect(handlers.begun).toBe(begun)
})

test.each([
  ['a timeout', [timeout(45)]],
  ['a timeout inside another', [timeout(60), timeout(45)]],
])('%s around what waits for a slot does not count the waiting, nor does the deadline that it sets', async (_, use) => {
  const leftMs: number[] = []
  const store: Middleware = async (call, next) => {
    await wait(call, 10)
    await next()
    await wait(call, 10)
  }
  const made = await onBroker({
    order: 'none',
    concurrency: 2,
    // An attempt takes 30 ms.
    use: [...use, declareMiddleware(store, { lendsSlot: true })],
    handlers: [
      on('t', (_record, { deadline }) => {
        leftMs.push(deadline.getTime() - made.clock.wallNow())
        return wait(made, 10)
      }),
    ],
  })
  made.broker.produce('t', records(400))
  await made.clock.advance('10s')
  expect(made.events('attempt:failed')).toEqual([])
  expect(made.broker.committed('t', 0)).toBe(400)
  expect(Math.min(...leftMs)).toBeGreaterThanOrEqual(34)
})
