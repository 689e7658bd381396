import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { timeout } from '../../src/middleware/timeout.ts'
import { type HandlerContext, on } from '../../src/pipeline/handler.ts'
import { type AttemptCall, declareMiddleware, type Middleware, type Narrowing } from '../../src/pipeline/middleware.ts'
import { onBroker, type Rig, rig } from '../support/harness.ts'

const wait = ({ clock }: Pick<AttemptCall, 'clock'>, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(resolve, ms))

/** Counts those that are inside at once. */
class Counter {
  now = 0
  most = 0
  begun = 0

  async around<T>(inside: () => Promise<T>): Promise<T> {
    this.begun += 1
    this.now += 1
    this.most = Math.max(this.most, this.now)
    try {
      return await inside()
    } finally {
      this.now -= 1
    }
  }
}

interface Scene extends Rig {
  readonly broker: Awaited<ReturnType<typeof onBroker>>['broker']
  readonly attempts: Counter
  readonly handlers: Counter
  /** How attempts ended that did. */
  readonly endings: unknown[]
}

interface Times {
  readonly storeMs: number
  readonly lendsSlot?: boolean
  /** What `next` is called with. */
  narrow?(): Narrowing
  handle(context: HandlerContext, rig: Pick<AttemptCall, 'clock'>): Promise<void>
}

/** A consumer whose middleware waits for a store before each handler and after it. */
async function scene(
  { storeMs, handle, narrow, lendsSlot = true }: Times,
  options: Partial<ConsumerOptions>,
): Promise<Scene> {
  const attempts = new Counter()
  const handlers = new Counter()
  const endings: unknown[] = []
  const stored: Middleware = (call, next) =>
    attempts.around(async () => {
      try {
        await wait(call, storeMs)
        await next(narrow?.())
        await wait(call, storeMs)
        endings.push('done')
      } catch (error) {
        endings.push(error)
        throw error
      }
    })
  const handler = on('t', (_record, context) => handlers.around(() => handle(context, made)))
  const made = await onBroker({
    order: 'none',
    use: [declareMiddleware(stored, { lendsSlot })],
    handlers: [handler],
    ...options,
  })
  return { ...made, attempts, handlers, endings }
}

const records = (count: number): { value: string }[] =>
  Array.from({ length: count }, (_, index) => ({ value: String(index) }))

/** How long it takes until so much is committed. */
async function timeTo({ clock, broker }: Scene, offset: number): Promise<number> {
  const fromMs = clock.now()
  while (broker.committed('t', 0) !== offset && clock.now() < fromMs + 60_000) await clock.advance(10)
  return clock.now() - fromMs
}

test('a slot is lent while the store is asked: handlers run in slots, and slots are hardly ever without one', async () => {
  const tenMs = { storeMs: 10, handle: (_: HandlerContext, at: Pick<AttemptCall, 'clock'>) => wait(at, 10) }
  const lent = await scene(tenMs, { concurrency: 2, commitInterval: { ms: 10 } })
  lent.broker.produce('t', records(400))
  // Of 30 ms that an attempt takes 10 are the handler's: two slots do a record each 5 ms.
  expect(await timeTo(lent, 400)).toBeLessThan(2_300)
  expect(lent.handlers.most).toBe(2)
  expect(lent.attempts.most).toBeGreaterThan(5)

  const kept = await scene({ ...tenMs, lendsSlot: false }, { concurrency: 2, commitInterval: { ms: 10 } })
  kept.broker.produce('t', records(400))
  expect(await timeTo(kept, 400)).toBeGreaterThanOrEqual(6_000)
  expect(kept.attempts.most).toBe(2)
})

test('where handlers take much longer than the store no attempt is ahead of them', async () => {
  const made = await scene(
    { storeMs: 2, handle: (_, at) => wait(at, 1_000) },
    { concurrency: 4, commitInterval: { ms: 10 } },
  )
  made.broker.produce('t', records(40))
  await timeTo(made, 40)
  expect(made.broker.committed('t', 0)).toBe(40)
  expect(made.attempts.most).toBe(4)
})

test('a handler without such middleware counts among those that run at once', async () => {
  const broker = fakeBroker()
  for (const topic of ['t', 'u']) broker.createTopic(topic)
  const all = new Counter()
  const asking: Middleware = async (call, next) => {
    await wait(call, 10)
    return next()
  }
  const handle = (): Promise<void> => all.around(() => wait(made, 10))
  const use = [declareMiddleware(asking, { lendsSlot: true })]
  const handlers = [on('t', { use }, handle), on('u', handle)]
  const made = rig({ driver: broker.driver(), order: 'none', concurrency: 3, handlers })
  made.start()
  await made.clock.settle()
  for (const topic of ['t', 'u']) broker.produce(topic, records(100))
  await made.clock.advance('10s')
  expect([broker.committed('t', 0), broker.committed('u', 0)]).toEqual([100, 100])
  expect(all.most).toBe(3)
})

/** Two handlers that hang, and attempts that wait for their slots. */
async function hanging(options: Partial<ConsumerOptions> = {}): Promise<Scene & { release(): void }> {
  let isQuick = true
  let held = Promise.withResolvers<void>()
  const made = await scene(
    { storeMs: 10, handle: (_, at) => (isQuick ? wait(at, 10) : held.promise) },
    { concurrency: 2, commitInterval: { ms: 10 }, handlerTimeoutMs: 1_000, ...options },
  )
  made.broker.produce('t', records(100))
  await timeTo(made, 100)
  isQuick = false
  made.broker.produce('t', records(20))
  await made.clock.advance(100)
  return {
    ...made,
    release() {
      held.resolve()
      held = Promise.withResolvers()
    },
  }
}

test('the status tells attempts that are ahead from slots that are busy', async () => {
  const made = await hanging()
  const { slots } = made.consumer.status()
  expect(slots).toMatchObject({ concurrency: 2, busy: 2 })
  expect(slots.ahead).toBe(made.attempts.now - 2)
  expect(slots.ahead).toBeGreaterThan(2)
  expect(made.handlers.now).toBe(2)
})

test('what is aborted by its middleware while it waits for a slot is not begun', async () => {
  let isQuick = true
  const controllers: AbortController[] = []
  const held = Promise.withResolvers<void>()
  const made = await scene(
    {
      storeMs: 10,
      handle: (_, at) => (isQuick ? wait(at, 10) : held.promise),
      narrow() {
        const controller = new AbortController()
        controllers.push(controller)
        return { signal: controller.signal }
      },
    },
    { concurrency: 2, commitInterval: { ms: 10 } },
  )
  made.broker.produce('t', records(100))
  await timeTo(made, 100)
  isQuick = false
  made.broker.produce('t', records(20))
  await made.clock.advance(100)
  expect(made.handlers.begun).toBe(102)
  const waiting = controllers.slice(102)
  expect(waiting.length).toBeGreaterThan(2)
  const lost = new Error('its claim is lost')
  for (const controller of waiting) controller.abort(lost)
  held.resolve()
  await made.clock.advance(5)
  expect(made.handlers.begun).toBe(102)
  expect(made.endings.slice(100)).toEqual(waiting.map(() => lost))
})

test('an attempt does not age while it waits for a slot', async () => {
  const made = await hanging()
  for (let round = 0; round < 5; round += 1) {
    await made.clock.advance(800)
    made.release()
    await made.clock.settle()
  }
  expect(made.events('attempt:late').filter(({ rung }) => rung === 'abort')).toEqual([])
  expect(made.endings.filter((ending) => ending !== 'done')).toEqual([])
})

test('an attempt that waits for a slot ends at once when it is told to, and its handler is not called', async () => {
  const made = await hanging()
  const waiting = made.attempts.now - 2
  const before = made.endings.length
  const stopped = made.consumer.stop({ timeoutMs: 100 })
  await made.clock.advance(110)
  expect(made.handlers.most).toBe(2)
  expect(made.endings.slice(before)).toHaveLength(waiting)
  for (const ending of made.endings.slice(before)) expect(ending).toMatchObject({ code: 'HF_ABORTED' })
  await made.clock.advance('10s')
  await stopped
  expect(made.broker.committed('t', 0)).toBe(100)
})

test('more slots are used at once, and fewer as handlers end', async () => {
  const made = await hanging()
  made.consumer.setConcurrency(5)
  made.release()
  await made.clock.advance(50)
  expect(made.handlers.now).toBe(5)
  made.consumer.setConcurrency(1)
  made.release()
  await made.clock.advance(50)
  expect(made.handlers.now).toBe(1)
})

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

test('a timeout around what waits for a slot does not count the waiting', async () => {
  const store: Middleware = async (call, next) => {
    await wait(call, 10)
    await next()
    await wait(call, 10)
  }
  const made = await onBroker({
    order: 'none',
    concurrency: 2,
    // An attempt takes 30 ms.
    use: [timeout(45), declareMiddleware(store, { lendsSlot: true })],
    handlers: [on('t', () => wait(made, 10))],
  })
  made.broker.produce('t', records(400))
  await made.clock.advance('10s')
  expect(made.events('attempt:failed')).toEqual([])
  expect(made.broker.committed('t', 0)).toBe(400)
})
