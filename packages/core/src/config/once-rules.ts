import { HoldfastError } from '../errors/holdfast-error.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import { traitsOf } from '../pipeline/middleware.ts'
import type { ConsumerConfig } from './options.ts'

/** Commits alone cannot keep a repeat from having its effect: they go along with it, or something around each handler does. */
export function onceConflicts(config: ConsumerConfig): HoldfastError[] {
  if (config.delivery !== 'exactly-once' || config.transactions !== undefined) return []
  return config.handlers.filter((handler) => !hasEffectsOnce(handler, config)).map(repeating)
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
