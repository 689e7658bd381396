import { HoldfastError } from '../errors/holdfast-error.ts'
import type { HandlerDefinition, TopicPattern } from './handler.ts'

/** Whether everything that `topic` names is also named by `pattern`. */
export function covers(pattern: TopicPattern, topic: TopicPattern): boolean {
  if (typeof pattern === 'string') return pattern === topic
  if (typeof topic !== 'string') return pattern.source === topic.source
  return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')).test(topic)
}

/** The handler of a topic by name; two that claim it are an error, which patterns can hide until the topic is known. */
export function handlerFor(topic: string, handlers: readonly HandlerDefinition[]): HandlerDefinition {
  const claiming = handlers.filter((handler) => handler.topics.some((pattern) => covers(pattern, topic)))
  const [handler, rival] = claiming
  if (handler === undefined) throw handlerMissing(topic)
  if (rival !== undefined) throw handlerConflict(topic, rival.name)
  return handler
}

export function handlerConflict(topic: string, other: string): HoldfastError {
  return new HoldfastError(
    'HF_HANDLER_CONFLICT',
    `two handlers claim the topic ${topic}; one of them is ${other}.\n  Fix: keep one of them, or give the other a consumer and a group of its own.`,
    { details: { topic } },
  )
}

export function handlerMissing(topic: string): HoldfastError {
  return new HoldfastError(
    'HF_HANDLER_MISSING',
    `the topic ${topic} is subscribed but has no handler.\n  Fix: add on('${topic}', handler) to handlers, or remove it from topics.`,
    { details: { topic } },
  )
}
