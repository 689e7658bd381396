import { createAttempt, type Judge, type RunAttempt } from './attempt.ts'
import type { HandlerDefinition } from './handler.ts'
import { handlerFor } from './topics.ts'

/** A handler as the dispatcher runs it. */
export interface BoundHandler {
  readonly name: string
  readonly batch: boolean
  readonly run: RunAttempt
}

/** The handlers of a consumer by topic. */
export class Handlers {
  readonly #definitions: readonly HandlerDefinition[]
  readonly #judge: Judge
  readonly #byTopic = new Map<string, BoundHandler>()

  constructor(definitions: readonly HandlerDefinition[], judge: Judge) {
    this.#definitions = definitions
    this.#judge = judge
  }

  /** @throws HF_HANDLER_CONFLICT, HF_HANDLER_MISSING: which patterns match a topic shows when it is known */
  of(topic: string): BoundHandler {
    const known = this.#byTopic.get(topic)
    if (known !== undefined) return known
    const definition = handlerFor(topic, this.#definitions)
    const bound = { name: definition.name, batch: definition.batch, run: createAttempt(definition, this.#judge) }
    this.#byTopic.set(topic, bound)
    return bound
  }
}
