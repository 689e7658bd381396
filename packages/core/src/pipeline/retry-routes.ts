import type { ConsumerRecord, RecordOrigin } from '../model/record.ts'
import type { PlaceInChain } from '../policy/failure.ts'
import type { FailurePolicy } from '../policy/failure-policy.ts'
import type { RetryLevel, RetryTopicsStep } from '../policy/failure-steps.ts'
import type { HandlerDefinition, TopicPattern } from './handler.ts'
import { type Original, originalOf, ownOriginal } from './retry-record.ts'
import { covers, handlerFor } from './topics.ts'

/** A retry topic of a consumer. */
export interface RetryRoute {
  readonly topic: string
  readonly delayMs: number
  readonly handler: HandlerDefinition
  /** Whose records come here; undefined where it is named for all of several topics of its handler. */
  readonly source: TopicPattern | undefined
}

export interface RoutedConfig {
  readonly handlers: readonly HandlerDefinition[]
  readonly onFailure?: FailurePolicy | undefined
}

/** Every retry topic that the failure policies name, once for each way in which it is named. */
export function retryRoutes({ handlers, onFailure }: RoutedConfig): RetryRoute[] {
  return handlers.flatMap((handler) => {
    const policy = handler.options.onFailure ?? onFailure
    const levels = (policy?.parts ?? []).flatMap(({ steps }) =>
      steps.flatMap((step) => (step.type === 'retryTopics' ? step.levels : [])),
    )
    return levels.flatMap((level) => routesOf(level, handler))
  })
}

function routesOf(level: RetryLevel, handler: HandlerDefinition): RetryRoute[] {
  const { delayMs } = level
  if (level.isShared) return [{ topic: level.nameFor(''), delayMs, handler, source: onlyTopicOf(handler) }]
  return handler.topics.map((source) => ({ topic: level.nameFor(String(source)), delayMs, handler, source }))
}

/** The names of the topics that follow are made from it. */
function onlyTopicOf({ topics }: HandlerDefinition): string | undefined {
  const [first, second] = topics
  return typeof first === 'string' && second === undefined ? first : undefined
}

/** Which handler and which delay a retry topic has, and what comes after it. */
export class RetryRoutes {
  readonly #handlers: readonly HandlerDefinition[]
  readonly #routes: ReadonlyMap<string, RetryRoute>

  constructor(config: RoutedConfig) {
    this.#handlers = config.handlers
    this.#routes = new Map(retryRoutes(config).map((route) => [route.topic, route]))
  }

  get topics(): readonly string[] {
    return [...this.#routes.keys()]
  }

  /**
   * The handler of a topic; a retry topic has that of the topics whose records come to it.
   * @throws HF_HANDLER_CONFLICT, HF_HANDLER_MISSING: which patterns match a topic shows when it is known
   */
  handlerOf(topic: string): HandlerDefinition {
    return this.#routes.get(topic)?.handler ?? handlerFor(topic, this.#handlers)
  }

  /** The topic that the names of its chain are made from. */
  sourceOf(topic: string): string {
    const route = this.#routes.get(topic)
    return route === undefined ? topic : String(route.source ?? '')
  }

  /** How long records of a topic wait, from their time stamps on. */
  delayMsOf(topic: string): number {
    return this.#routes.get(topic)?.delayMs ?? 0
  }

  /** A record as it was before it was in a retry topic. */
  originalOf(record: ConsumerRecord): Original {
    const route = this.#routes.get(record.topic)
    if (route === undefined) return ownOriginal(record)
    const { source, handler } = route
    const sources = source === undefined ? handler.topics : [source]
    return originalOf(record, (topic) => sources.some((pattern) => covers(pattern, topic)))
  }

  originOf(record: ConsumerRecord): RecordOrigin {
    const { topic, partition, offset, timestamp } = this.originalOf(record).record
    return { topic, partition, offset, timestamp }
  }

  attemptsBefore(record: ConsumerRecord): number {
    return this.#routes.size === 0 ? 0 : this.originalOf(record).attempts
  }

  /** Whether a record of a retry topic failed in another group, which reads the same topics: it is that one's to handle. */
  isForeign(record: ConsumerRecord, own: string): boolean {
    if (!this.#routes.has(record.topic)) return false
    const { groupId = own } = this.originalOf(record)
    return groupId !== own
  }

  /** Where a record of this topic stands in a chain: by its topic, which no header can feign. */
  place(topic: string, { levels }: RetryTopicsStep): PlaceInChain {
    const source = this.sourceOf(topic)
    if (!this.#routes.has(topic)) return { at: 'before', next: named(levels[0], source) }
    const index = levels.findIndex((level) => level.nameFor(source) === topic)
    return index === -1 ? { at: 'elsewhere' } : { at: 'in', next: named(levels[index + 1], source) }
  }
}

function named(level: RetryLevel | undefined, topic: string): { topic: string; delayMs: number } | undefined {
  return level === undefined ? undefined : { topic: level.nameFor(topic), delayMs: level.delayMs }
}
