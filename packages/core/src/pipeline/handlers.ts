import type { OrderFunction } from '../schedule/order-function.ts'
import { createAttempt, type Handle, type Judge, type RunAttempt } from './attempt.ts'
import { whenEnded } from './batch-results.ts'
import type { HandlerDefinition } from './handler.ts'
import { after } from './maybe-async.ts'
import type { RecordLimits } from './record-limits.ts'
import type { RetryRoutes } from './retry-routes.ts'
import type { WithMiddleware } from './with-middleware.ts'

/** A handler as the dispatcher runs it. */
export interface BoundHandler {
  readonly name: string
  readonly batch: boolean
  /** How long its records wait, from their time stamps on. */
  readonly delayMs: number
  readonly run: RunAttempt
}

/** What calls the handler of a module, in a thread. */
export type Isolate = (definition: HandlerDefinition & { readonly module: URL }) => Handle

/** Looks at the calls of a handler, and at what the attempts around them come to. */
export interface Guard {
  aroundCall(definition: HandlerDefinition, handle: Handle): Handle
  aroundAttempt(definition: HandlerDefinition, run: RunAttempt): RunAttempt
}

/** What is put around the handlers of a consumer. */
export interface HandlerWays {
  /** The retry topics, which have the handlers of those that their records come from. */
  readonly routes: RetryRoutes
  readonly judge: Judge
  readonly isolate: Isolate
  readonly wrap: WithMiddleware
  readonly guard: Guard
  readonly limits: RecordLimits
  /** Undefined where no function names lanes. */
  readonly order: OrderFunction | undefined
}

/** The handlers of a consumer by topic. */
export class Handlers {
  readonly #ways: HandlerWays
  readonly #byTopic = new Map<string, BoundHandler>()

  constructor(ways: HandlerWays) {
    this.#ways = ways
  }

  /** @throws HF_HANDLER_CONFLICT, HF_HANDLER_MISSING: which patterns match a topic shows when it is known */
  of(topic: string): BoundHandler {
    const known = this.#byTopic.get(topic)
    if (known !== undefined) return known
    const { routes, isolate, wrap, guard } = this.#ways
    const definition = routes.handlerOf(topic)
    const { name, batch, module } = definition
    const handle = module === undefined ? (definition.handle as unknown as Handle) : isolate({ ...definition, module })
    const ended: Handle = batch ? (...call) => after(handle(...call), whenEnded) : handle
    const call = wrap(definition, guard.aroundCall(definition, ended))
    const run = guard.aroundAttempt(definition, createAttempt(definition, call, this.#ways))
    const bound = { name, batch, delayMs: routes.delayMsOf(topic), run }
    this.#byTopic.set(topic, bound)
    return bound
  }
}
