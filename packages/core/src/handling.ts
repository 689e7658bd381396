import type { ConsumerConfig } from './config/options.ts'
import type { Failing } from './failing.ts'
import { unlessAborted } from './middleware/waiting.ts'
import type { HandlerDefinition } from './pipeline/handler.ts'
import { type BoundHandler, Handlers } from './pipeline/handlers.ts'
import { lendsSlots, startMiddleware, startsByMiddleware, tellProgress } from './pipeline/start-middleware.ts'
import { withMiddleware } from './pipeline/with-middleware.ts'
import type { Clock } from './ports/clock.ts'
import type { StartsAt } from './ports/driver.ts'
import type { Events } from './ports/events.ts'
import type { Logger } from './ports/logger.ts'
import { HandlerGate } from './runtime/handler-gate.ts'
import { OrderFunction } from './schedule/order-function.ts'
import { createLaneKey, type SafeOrder } from './schedule/ordering.ts'
import { Threads } from './threads/threads.ts'

export interface HandlingParts {
  readonly failing: Pick<Failing, 'routes' | 'judge' | 'guard'>
  readonly order: SafeOrder
  readonly events: Events
  readonly logger: Logger
  readonly clock: Clock
}

/** Constructs the handlers with all that is put around them. */
export class Handling {
  readonly #config: ConsumerConfig
  readonly #logger: Logger
  readonly #threads: Threads
  readonly #handlers: Handlers
  readonly #handlerOf: (topic: string) => HandlerDefinition
  /** Undefined where every attempt has its slot to itself. */
  readonly gate: HandlerGate | undefined

  constructor(config: ConsumerConfig, { failing, order, events, logger, clock }: HandlingParts) {
    this.#config = config
    this.#logger = logger
    this.#threads = new Threads(config, logger)
    const { isolate } = this.#threads
    this.gate = lendsSlots(config) ? new HandlerGate(clock) : undefined
    this.#handlers = new Handlers({
      ...failing,
      limits: config,
      order: order instanceof OrderFunction ? order : undefined,
      isolate,
      wrap: withMiddleware(config.use, { clock, laneOf: createLaneKey(order, config.nullKey) }, this.gate),
    })
    this.#handlerOf = (topic) => failing.routes.handlerOf(topic)
    tellProgress(config, events, this.#handlerOf)
  }

  /** @throws HF_HANDLER_CONFLICT, HF_HANDLER_MISSING */
  of(topic: string): BoundHandler {
    return this.#handlers.of(topic)
  }

  /** Where partitions begin, where middleware has a say in it. */
  get startsAt(): StartsAt | undefined {
    return startsByMiddleware(this.#config, this.#handlerOf)
  }

  /** Brings up what handlers cannot begin without. */
  async start(signal: AbortSignal): Promise<void> {
    await unlessAborted(startMiddleware(this.#config, this.#logger), signal)
    if (this.#threads.isNeeded) await this.#threads.start(signal)
  }

  async close(): Promise<void> {
    await this.#threads.close()
  }
}
