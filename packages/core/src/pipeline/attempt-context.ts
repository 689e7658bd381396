import { createHash } from 'node:crypto'
import { HoldfastError } from '../errors/holdfast-error.ts'
import type { AbortReason } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { partitionName } from '../model/topic-partition.ts'
import type { Logger } from '../ports/logger.ts'
import type { Delivery } from '../schedule/lane.ts'
import type { HandlerContext } from './handler.ts'

/** What all attempts of a consumer share. */
export interface AttemptScope {
  readonly groupId: string
  readonly maxPollIntervalMs: number
  readonly logger: Logger
  readonly memberId: string
  wallNow(): number
  now(): number
}

/**
 * One attempt as its handler sees it. Signal, logger and deadline are made when they are first asked for: most
 * attempts never do, and they cost more than the rest of the way together.
 */
export class AttemptContext implements HandlerContext {
  readonly delivery: Delivery
  readonly epoch: number
  readonly startedMs: number
  readonly #scope: AttemptScope
  #controller: AbortController | undefined
  #aborted: AbortReason | undefined
  #logger: Logger | undefined

  constructor(scope: AttemptScope, delivery: Delivery, epoch: number, startedMs: number) {
    this.#scope = scope
    this.delivery = delivery
    this.epoch = epoch
    this.startedMs = startedMs
  }

  get attempt(): number {
    return this.delivery.attempt
  }

  get groupId(): string {
    return this.#scope.groupId
  }

  get memberId(): string {
    return this.#scope.memberId
  }

  get deadline(): Date {
    const remainingMs = this.startedMs + this.#scope.maxPollIntervalMs - this.#scope.now()
    return new Date(this.#scope.wallNow() + remainingMs)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(abortError(this.#aborted, this.first))
    }
    return this.#controller.signal
  }

  get logger(): Logger {
    if (this.#logger === undefined) {
      const { topic, partition, offset, key } = this.first
      const keyHash = key === null ? null : createHash('sha256').update(key).digest('hex').slice(0, 12)
      this.#logger = this.#scope.logger.child({ topic, partition, offset, keyHash })
    }
    return this.#logger
  }

  /** The first record of the delivery, which names it in events and logs. */
  get first(): ConsumerRecord {
    return this.delivery.records[0] as ConsumerRecord
  }

  get abortReason(): AbortReason | undefined {
    return this.#aborted
  }

  abort(reason: AbortReason): void {
    if (this.#aborted !== undefined) return
    this.#aborted = reason
    this.#controller?.abort(abortError(reason, this.first))
  }
}

const REASONS: Readonly<Record<AbortReason, string>> = {
  revoked: 'its partition is given to another member',
  lost: 'its partition was lost to another member',
  deadline: 'it has run for maxPollIntervalMs',
  shutdown: 'the consumer stops',
}

function abortError(reason: AbortReason, record: ConsumerRecord): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_ABORTED',
    `the attempt at ${partitionName(record)}@${offset} must end: ${REASONS[reason]}.`,
    {
      details: { topic, partition, offset, reason },
    },
  )
}
