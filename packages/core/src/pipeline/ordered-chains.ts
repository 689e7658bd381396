import type { NextRetryTopic } from '../policy/failure.ts'
import type { RetryTopicsStep } from '../policy/failure-steps.ts'
import type { TopicWidth } from '../ports/topic-width.ts'
import { OrderFunction } from '../schedule/order-function.ts'
import type { Order, SafeOrder } from '../schedule/ordering.ts'
import type { HandlerDefinition } from './handler.ts'
import { RetryRoutes, type RoutedConfig } from './retry-routes.ts'

/** The chain in which a handler keeps the order of its keys; undefined where it has none. Rules see to it that there is one. */
export function orderedChainOf(handler: HandlerDefinition, { onFailure }: RoutedConfig): RetryTopicsStep | undefined {
  return chainsOf(handler, onFailure).find(({ keepsOrder }) => keepsOrder)
}

/** Every chain of retry topics that a handler's policy names. */
export function chainsOf(
  { options }: HandlerDefinition,
  onFailure: RoutedConfig['onFailure'],
): readonly RetryTopicsStep[] {
  const parts = (options.onFailure ?? onFailure)?.parts ?? []
  return parts.flatMap(({ steps }) => steps.filter((step) => step.type === 'retryTopics'))
}

/** Each retry topic of an ordered chain, with the topics that its records come from. */
export function orderedWidths(config: RoutedConfig): TopicWidth[] {
  return config.handlers.flatMap((handler) => {
    const levels = orderedChainOf(handler, config)?.levels ?? []
    return levels.flatMap((level) => handler.topics.map((source) => ({ topic: level.nameFor(String(source)), source })))
  })
}

/** By topic, the retry topics in which earlier records of a key may be. */
export class OrderedChains {
  readonly #config: RoutedConfig
  readonly #routes: RetryRoutes
  readonly #later = new Map<string, readonly NextRetryTopic[]>()

  constructor(config: RoutedConfig, routes: RetryRoutes) {
    this.#config = config
    this.#routes = routes
  }

  /** Those after this topic, the next one first. */
  after(topic: string): readonly NextRetryTopic[] {
    const known = this.#later.get(topic) ?? this.#find(topic)
    this.#later.set(topic, known)
    return known
  }

  #find(topic: string): readonly NextRetryTopic[] {
    const chain = orderedChainOf(this.#routes.handlerOf(topic), this.#config)
    const source = this.#routes.sourceOf(topic)
    const topics = (chain?.levels ?? []).map((level) => ({ topic: level.nameFor(source), delayMs: level.delayMs }))
    return topics.slice(topics.findIndex((level) => level.topic === topic) + 1)
  }
}

/** A function given as order names the lane of a record as it was first, so that it has the same one in a retry topic. */
export function safeOrder(config: RoutedConfig & { readonly order: Order }): SafeOrder {
  const { order, handlers } = config
  if (typeof order !== 'function') return order
  if (!handlers.some((handler) => orderedChainOf(handler, config))) return new OrderFunction(order)
  const routes = new RetryRoutes(config)
  return new OrderFunction((record) => order(routes.originalOf(record).record))
}
