import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { type HandlerContext, on } from '../../src/pipeline/handler.ts'
import { type AttemptCall, declareMiddleware, type Middleware } from '../../src/pipeline/middleware.ts'
import { rig } from '../support/harness.ts'
import { Counter, hanging, records, scene, timeTo, wait } from '../support/lent-slots-scene.ts'

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
