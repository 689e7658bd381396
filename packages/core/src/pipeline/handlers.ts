import { createAttempt, type Handle, type Judge, type RunAttempt } from './attempt.ts'
import type { HandlerDefinition } from './handler.ts'
import type { RetryRoutes } from './retry-routes.ts'
import { handlerFor } from './topics.ts'
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

export interface HandlersParts {
  readonly definitions: readonly HandlerDefinition[]
  /** The retry topics, which have the handlers of those that their records come from. */
  readonly routes: RetryRoutes
  readonly judge: Judge
  readonly isolate: Isolate
  readonly wrap: WithMiddleware
}

/** The handlers of a consumer by topic. */
export class Handlers {
  readonly #definitions: readonly HandlerDefinition[]
  readonly #judge: Judge
  readonly #isolate: Isolate
  readonly #wrap: WithMiddleware
  readonly #routes: RetryRoutes
  readonly #byTopic = new Map<string, BoundHandler>()

  constructor({ definitions, routes, judge, isolate, wrap }: HandlersParts) {
    this.#definitions = definitions
    this.#routes = routes
    this.#judge = judge
    this.#isolate = isolate
    this.#wrap = wrap
  }

  /** @throws HF_HANDLER_CONFLICT, HF_HANDLER_MISSING: which patterns match a topic shows when it is known */
  of(topic: string): BoundHandler {
    const known = this.#byTopic.get(topic)
    if (known !== undefined) return known
    const route = this.#routes.of(topic)
    const definition = route?.handler ?? handlerFor(topic, this.#definitions)
    const { name, batch, module } = definition
    const handle =
      module === undefined ? (definition.handle as unknown as Handle) : this.#isolate({ ...definition, module })
    const delayMs = route?.delayMs ?? 0
    const bound = { name, batch, delayMs, run: createAttempt(definition, this.#wrap(definition, handle), this.#judge) }
    this.#byTopic.set(topic, bound)
    return bound
  }
}
