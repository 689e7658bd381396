import type { Failed } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import { judge } from '../policy/failure.ts'
import { type FailurePolicy, retry } from '../policy/failure-policy.ts'
import type { Clock } from '../ports/clock.ts'

export interface FailureOptions {
  readonly onFailure?: FailurePolicy | undefined
  readonly deadLetterTopic?: string | undefined
  /** What is in force where there is no `onFailure`. */
  readonly maxAttempts: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

export interface FailureJudgePorts {
  readonly clock: Clock
  random(): number
  /** A record has failed, whatever follows. */
  failed(record: ConsumerRecord): void
}

/** Says what follows when a record fails: by the policy of its handler, else of the consumer, else by the default. */
export class FailureJudge {
  readonly #policy: FailurePolicy
  readonly #deadLetterTopic: string | undefined
  readonly #ports: FailureJudgePorts

  constructor(config: FailureOptions, ports: FailureJudgePorts) {
    this.#policy = config.onFailure ?? defaultPolicy(config)
    this.#deadLetterTopic = config.deadLetterTopic
    this.#ports = ports
  }

  judge(
    error: unknown,
    { attempt }: AttemptContext,
    { name, options }: HandlerDefinition,
    record: ConsumerRecord,
  ): Failed {
    const { clock, random, failed } = this.#ports
    failed(record)
    return judge(
      { error, attempt, handler: name, record, nowMs: clock.now(), random: random() },
      { policy: options.onFailure ?? this.#policy, deadLetterTopic: this.#deadLetterTopic },
    )
  }
}

function defaultPolicy({ maxAttempts, retryBackoffMs, retryBackoffMaxMs }: FailureOptions): FailurePolicy {
  const fromMs = Math.min(retryBackoffMs, retryBackoffMaxMs)
  return retry({ attempts: maxAttempts, backoff: { fromMs, toMs: retryBackoffMaxMs } })
}
