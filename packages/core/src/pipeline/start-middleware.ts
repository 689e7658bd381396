import type { Logger } from '../ports/logger.ts'
import type { HandlerDefinition } from './handler.ts'
import { type AnyMiddleware, traitsOf } from './middleware.ts'

interface Used {
  readonly use: readonly AnyMiddleware[]
  readonly handlers: readonly HandlerDefinition[]
}

/** Has all middleware start that has something to do before the first record comes, each once. */
export async function startMiddleware({ use, handlers }: Used, logger: Logger): Promise<void> {
  const all = new Set([...use, ...handlers.flatMap(({ options }) => options.use ?? [])])
  await Promise.all([...all].map((middleware) => traitsOf(middleware).start?.(logger)))
}
