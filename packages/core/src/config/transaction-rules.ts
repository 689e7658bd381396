import { HoldfastError } from '../errors/holdfast-error.ts'
import { nameOfMiddleware, traitsOf } from '../pipeline/middleware.ts'
import { retryRoutes } from '../pipeline/retry-routes.ts'
import type { ConsumerConfig } from './options.ts'

/** What an option would break of outputs and offsets that are committed together. */
export function transactionConflicts(config: ConsumerConfig): HoldfastError[] {
  const { transactions, delivery, order, isolationLevel, driver } = config
  if (transactions === undefined) return []
  const found: HoldfastError[] = []
  if (driver.hasTransactions !== true) {
    found.push(
      conflict(
        'transactions',
        `transactions cannot be had of the driver ${driver.name}.\n  Fix: take a driver that has them, such as kafkajs({ brokers }) of @holdfast/kafkajs.`,
      ),
    )
  }
  if (delivery !== 'exactly-once') {
    found.push(
      conflict(
        'transactions',
        `transactions cannot be had with delivery = "${delivery}":\n  offsets and outputs are committed together, which is more than it promises, and costs more.\n  Fix: delivery = "exactly-once", or remove transactions.`,
      ),
    )
  }
  if (order === 'none') {
    found.push(
      conflict(
        'order',
        'order = "none" cannot be had with transactions:\n  outputs reach their topics in the order in which records settle, and these would have none.\n  Fix: order = "key" or "partition".',
      ),
    )
  }
  if (isolationLevel === 'read_uncommitted') {
    found.push(
      conflict(
        'isolationLevel',
        'isolationLevel = "read_uncommitted" cannot be had with transactions:\n  what follows from a record that is aborted could not be taken back.\n  Fix: isolationLevel = "read_committed".',
      ),
    )
  }
  const [route] = retryRoutes(config)
  if (route !== undefined) {
    found.push(
      conflict(
        'onFailure',
        `onFailure with the retry topic ${route.topic} cannot be had with transactions:\n  a record is moved before its offset is committed; after a crash in between it would be moved again, and both would have their effects.\n  Fix: try again in place with retry({ attempts }), or remove transactions.`,
      ),
    )
  }
  return [...found, ...notedTooEarly(config)]
}

/** What is noted before the transaction is committed is not handled again where that fails, and its outputs are in no other one. */
function notedTooEarly({ use, handlers }: ConsumerConfig): HoldfastError[] {
  const everywhere = [...use, ...handlers.flatMap(({ options }) => options.use ?? [])]
  const noting = everywhere.find((middleware) => traitsOf(middleware).provides === 'effects once')
  if (noting === undefined) return []
  return [
    conflict(
      'use',
      `${nameOfMiddleware(noting)} cannot be had with transactions:\n  it notes that a record is done before the transaction with its outputs is committed; after a crash in between the record would not be handled again, and its outputs would be lost.\n  Fix: a consumer of its own for handlers that need it; or remove transactions, and write by an outbox.`,
    ),
  ]
}

function conflict(option: string, message: string): HoldfastError {
  return new HoldfastError('HF_PROMISE_CONFLICT', message, { details: { option } })
}
