import { createAttempt, type Handle, type Judge, type RunAttempt } from './attempt.ts'
import type { HandlerDefinition } from './handler.ts'
import { handlerFor } from './topics.ts'
import type { WithMiddleware } from './with-middleware.ts'

/** A handler as the dispatcher runs it. */
export interface BoundHandler {
  readonly name: string
  readonly batch: boolean
  readonly run: RunAttempt
}

/** What calls the handler of a module, in a thread. */
export type Isolate = (definition: HandlerDefinition & { readonly module: URL }) => Handle

/** The handlers of a consumer by topic. */
export class Handlers {
  readonly #definitions: readonly HandlerDefinition[]
  readonly #judge: Judge
  readonly #isolate: Isolate
  readonly #wrap: WithMiddleware
  readonly #byTopic = new Map<string, BoundHandler>()

  constructor(definitions: readonly HandlerDefinition[], judge: Judge, isolate: Isolate, wrap: WithMiddleware) {
    this.#definitions = definitions
    this.#judge = judge
    this.#isolate = isolate
    this.#wrap = wrap
  }

  /** @throws HF_HANDLER_CONFLICT, HF_HANDLER_MISSING: which patterns match a topic shows when it is known */
  of(topic: string): BoundHandler {
    const known = this.#byTopic.get(topic)
    if (known !== undefined) return known
    const definition = handlerFor(topic, this.#definitions)
    const { name, batch, module } = definition
    const handle =
      module === undefined ? (definition.handle as unknown as Handle) : this.#isolate({ ...definition, module })
    const bound = { name, batch, run: createAttempt(definition, this.#wrap(definition, handle), this.#judge) }
    this.#byTopic.set(topic, bound)
    return bound
  }
}
