import type { ConsumerOptions } from '../../src/config/options.ts'
import { type HandlerContext, on } from '../../src/pipeline/handler.ts'
import { type AttemptCall, declareMiddleware, type Middleware, type Narrowing } from '../../src/pipeline/middleware.ts'
import { onBroker, type Rig } from './harness.ts'

export const wait = ({ clock }: Pick<AttemptCall, 'clock'>, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(resolve, ms))

/** Counts those that are inside at once. */
export class Counter {
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

export interface Scene extends Rig {
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
export async function scene(
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

export const records = (count: number): { value: string }[] =>
  Array.from({ length: count }, (_, index) => ({ value: String(index) }))

/** How long it takes until so much is committed. */
export async function timeTo({ clock, broker }: Scene, offset: number): Promise<number> {
  const fromMs = clock.now()
  while (broker.committed('t', 0) !== offset && clock.now() < fromMs + 60_000) await clock.advance(10)
  return clock.now() - fromMs
}

/** Two handlers that hang, and attempts that wait for their slots. */
export async function hanging(options: Partial<ConsumerOptions> = {}): Promise<Scene & { release(): void }> {
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
