import { HoldfastError } from '../errors/holdfast-error.ts'
import { chainsOf } from '../pipeline/ordered-chains.ts'
import { type RetryRoute, retryRoutes } from '../pipeline/retry-routes.ts'
import { covers } from '../pipeline/topics.ts'
import type { FailureStep } from '../policy/failure-steps.ts'
import type { ConsumerConfig } from './options.ts'

/** Retry topics that cannot be told apart, or through which a record could go for ever. */
export function retryTopicConflicts(config: ConsumerConfig): HoldfastError[] {
  const routes = retryRoutes(config)
  if (routes.length === 0) return []
  return [
    ...unnamed(routes),
    ...config.handlers.flatMap((handler) => mixed(handler, config)),
    ...routes.flatMap((route) => subscribed(route, config)),
    ...routes.flatMap((route) => ambiguous(route, routes)),
    ...config.handlers.flatMap((handler) => inCircles(handler, config)),
  ]
}

function unnamed(routes: readonly RetryRoute[]): HoldfastError[] {
  const route = routes.find(({ source }) => source instanceof RegExp)
  if (route === undefined) return []
  return [
    invalid(
      `retryTopics of ${route.handler.name} has no names: its topics are those that ${String(route.source)} matches, which are not known yet.\n  Fix: name the retry topics, as in retryTopics([{ topic: 'orders.retry.5s', delayMs: 5000 }]).`,
    ),
  ]
}

/** From a topic for all it is not known which one comes next. */
function mixed(handler: ConsumerConfig['handlers'][number], config: ConsumerConfig): HoldfastError[] {
  const chains = chainsOf(handler, config.onFailure)
  const isMixed = chains.some(({ levels }) => new Set(levels.map(({ isShared }) => isShared)).size > 1)
  if (!isMixed || handler.topics.length === 1) return []
  return [
    invalid(
      `retryTopics of ${handler.name} names some topics itself and others by a delay: for records of ${handler.topics.map(String).join(', ')} it would not be known which topic comes next.\n  Fix: name all of them, or none.`,
    ),
  ]
}

function subscribed({ topic }: RetryRoute, { topics }: ConsumerConfig): HoldfastError[] {
  const pattern = topics.find((each) => covers(each, topic))
  if (pattern === undefined) return []
  return [
    invalid(
      `the retry topic ${topic} is also subscribed to by ${String(pattern)}: its records would not wait, and would begin anew each time they fail.\n  Fix: let ${String(pattern)} leave it out, or name another retry topic.`,
    ),
  ]
}

function ambiguous(route: RetryRoute, routes: readonly RetryRoute[]): HoldfastError[] {
  const other = routes.find(({ topic }) => topic === route.topic)
  if (other === undefined || other === route) return []
  const differs = (what: string): HoldfastError[] => [
    invalid(`the retry topic ${route.topic} is named with two ${what}.\n  Fix: give each a topic of its own.`),
  ]
  if (other.handler !== route.handler)
    return differs(`handlers, ${other.handler.name} and ${route.handler.name}, and only one can have its records`)
  if (other.delayMs !== route.delayMs) return differs(`delays, ${other.delayMs} and ${route.delayMs} ms`)
  return other.source === route.source ? [] : differs('topics that its records would come from')
}

type Links = ReadonlyMap<string, ReadonlySet<string>>

/** Chains of a handler that lead from a topic back to it, the one by one error and the other by another. */
function inCircles(handler: ConsumerConfig['handlers'][number], { onFailure }: ConsumerConfig): HoldfastError[] {
  const parts = (handler.options.onFailure ?? onFailure)?.parts ?? []
  return handler.topics.slice(0, 1).flatMap((source) => {
    const links = linksOf(
      parts.flatMap(({ steps }) => steps),
      String(source),
    )
    const topic = [...links.keys()].find((each) => leadsTo(each, each, links))
    if (topic === undefined) return []
    return [
      invalid(
        `a record could come back to the retry topic ${topic} for ever: onFailure of ${handler.name} leads from it to itself.\n  Fix: name each retry topic once, and in the same order for all errors.`,
      ),
    ]
  })
}

/** What comes next after each retry topic. */
function linksOf(steps: readonly FailureStep[], source: string): Links {
  const links = new Map<string, Set<string>>()
  for (const step of steps) {
    const names = step.type === 'retryTopics' ? step.levels.map((level) => level.nameFor(source)) : []
    for (const [index, name] of names.slice(1).entries()) {
      const before = names[index] as string
      links.set(before, (links.get(before) ?? new Set()).add(name))
    }
  }
  return links
}

function leadsTo(from: string, to: string, links: Links, seen: Set<string> = new Set()): boolean {
  for (const next of links.get(from) ?? []) {
    if (next === to) return true
    if (seen.has(next)) continue
    seen.add(next)
    if (leadsTo(next, to, links, seen)) return true
  }
  return false
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', message, { details: { option: 'onFailure' } })
}
