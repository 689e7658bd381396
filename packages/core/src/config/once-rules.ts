import { HoldfastError } from '../errors/holdfast-error.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import { nameOfMiddleware, traitsOf } from '../pipeline/middleware.ts'
import { retryRoutes } from '../pipeline/retry-routes.ts'
import type { ConsumerConfig } from './options.ts'

/** Commits alone cannot keep a repeat from having its effect: they go along with it, or something around each handler does. */
export function onceConflicts(config: ConsumerConfig): HoldfastError[] {
  if (config.delivery !== 'exactly-once' || config.transactions !== undefined) return []
  return [
    ...config.handlers.filter((handler) => !hasEffectsOnce(handler, config)).map(repeating),
    ...movedTwice(config),
  ]
}

/** A process that dies between the move of a record and its commit moves it once more. */
function movedTwice(config: ConsumerConfig): HoldfastError[] {
  const { use } = config
  return retryRoutes(config)
    .slice(0, 1)
    .flatMap(({ handler, topic }) => {
      const refusing = [...use, ...(handler.options.use ?? [])].find(
        (each) => traitsOf(each).refusesRetryTopics === true,
      )
      if (refusing === undefined) return []
      return [
        new HoldfastError(
          'HF_PROMISE_CONFLICT',
          `${nameOfMiddleware(refusing)} of ${handler.name} cannot be had with retry topics such as ${topic}: a record that is written to one twice would have its effect twice.\n  Fix: retry in place, with retry({ attempts, backoff }).then(deadLetter()); or use idempotent({ store }), which knows such records.`,
          { details: { option: 'onFailure', handler: handler.name } },
        ),
      ]
    })
}

/** The ways in which a handler's effects are made once. */
function hasEffectsOnce({ options }: HandlerDefinition, { use }: ConsumerConfig): boolean {
  return [...use, ...(options.use ?? [])].some((middleware) => traitsOf(middleware).provides === 'effects once')
}

function repeating({ name }: HandlerDefinition): HoldfastError {
  return new HoldfastError(
    'HF_PROMISE_CONFLICT',
    `delivery = "exactly-once" cannot be kept by ${name}: a record that is delivered again would have its effect again, and nothing around the handler knows what was done.\n  Fix: use: [idempotent({ store })] of @holdfast/idempotency, for the consumer or the handler; or transactions: true, where all effects are records that context.produce writes; or delivery = "at-least-once".`,
    { details: { option: 'delivery', handler: name } },
  )
}
