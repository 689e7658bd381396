import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { AttemptScope } from './attempt-context.ts'

export interface AttemptScopeParts {
  readonly config: {
    readonly groupId: string
    readonly handlerTimeoutMs: number
    readonly transactions?: object | undefined
  }
  readonly logger: Logger
  readonly clock: Clock
  /** The member id changes when the consumer joins anew. */
  readonly member: { readonly memberId: string }
  readonly originals: AttemptScope['originals']
  readonly settled: AttemptScope['settled']
}

export function attemptScope({ config, logger, clock, member, originals, settled }: AttemptScopeParts): AttemptScope {
  const { groupId, handlerTimeoutMs, transactions } = config
  return {
    groupId,
    handlerTimeoutMs,
    mayProduce: transactions !== undefined,
    logger,
    get memberId() {
      return member.memberId
    },
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    originals,
    settled,
  }
}
