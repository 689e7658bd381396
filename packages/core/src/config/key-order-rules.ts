import { HoldfastError } from '../errors/holdfast-error.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import { chainsOf, orderedChainOf } from '../pipeline/ordered-chains.ts'
import type { RetryTopicsStep } from '../policy/failure-steps.ts'
import type { ConsumerConfig } from './options.ts'

/** Retry topics that are to keep the order of keys, and cannot. */
export function keyOrderConflicts(config: ConsumerConfig): HoldfastError[] {
  return config.handlers.flatMap((handler) =>
    orderedChainOf(handler, config) === undefined
      ? []
      : [...unordered(config, handler), ...inBatches(handler), ...dividedChains(config, handler)],
  )
}

function unordered({ order }: ConsumerConfig, { name }: HandlerDefinition): HoldfastError[] {
  if (order !== 'none') return []
  return [
    conflict(
      `retryTopics of ${name} has keepOrder, and with order = "none" there is no order to keep.\n  Fix: order = "key", or remove keepOrder.`,
    ),
  ]
}

function inBatches({ name, batch }: HandlerDefinition): HoldfastError[] {
  if (!batch) return []
  return [
    conflict(
      `retryTopics of ${name} has keepOrder, and its handler takes batches: a batch holds several records of a key, and the later ones have been handled when an earlier one is found to have failed.\n  Fix: a handler of single records, or remove keepOrder.`,
    ),
  ]
}

/** Two records of a key could wait in two chains at once, in which nothing says which comes first. */
function dividedChains({ onFailure }: ConsumerConfig, handler: HandlerDefinition): HoldfastError[] {
  const [first, ...others] = chainsOf(handler, onFailure).map((chain) => textOf(chain, handler))
  const other = others.find((each) => each !== first)
  if (other === undefined) return []
  return [
    conflict(
      `onFailure of ${handler.name} has keepOrder, and leads to several chains of retry topics (${first}; ${other}): records of a key could wait in both, and overtake one another.\n  Fix: the same retryTopics, with keepOrder, for all errors of a handler.`,
    ),
  ]
}

function textOf({ levels, keepsOrder }: RetryTopicsStep, { topics }: HandlerDefinition): string {
  const names = levels.map((level) => level.nameFor(String(topics[0]))).join(', ')
  return keepsOrder ? `${names} with keepOrder` : names
}

function conflict(message: string): HoldfastError {
  return new HoldfastError('HF_PROMISE_CONFLICT', message, { details: { option: 'onFailure' } })
}
