import type { Failed, Last } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import { type Failure, isUncounted, judge, judgeUncounted, type PlaceInChain } from '../policy/failure.ts'
import { type FailurePolicy, retry } from '../policy/failure-policy.ts'
import type { FailureStep, RetryTopicsStep } from '../policy/failure-steps.ts'
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
  /** Where a record of this topic stands in a chain of retry topics. */
  place(topic: string, step: RetryTopicsStep): PlaceInChain
}

/** Under this name are kept the attempts that were none. */
const UNCOUNTED: readonly FailureStep[] = []

interface Failures {
  readonly epoch: number
  readonly bySteps: Map<readonly FailureStep[], number>
}

/** Says what follows when a record fails: by the policy of its handler, else of the consumer, else by the default. */
export class FailureJudge {
  readonly #policy: FailurePolicy
  readonly #deadLetterTopic: string | undefined
  readonly #ports: FailureJudgePorts
  /** How often a record has failed by each part of its policy: an outage does not use up the attempts of the record. */
  readonly #failures = new WeakMap<ConsumerRecord, Failures>()

  constructor(config: FailureOptions, ports: FailureJudgePorts) {
    this.#policy = config.onFailure ?? defaultPolicy(config)
    this.#deadLetterTopic = config.deadLetterTopic
    this.#ports = ports
  }

  judge(
    error: unknown,
    { attempt, epoch }: AttemptContext,
    { name, options }: HandlerDefinition,
    record: ConsumerRecord,
  ): Failed {
    const { clock, random, failed, place } = this.#ports
    const failure = { attempt, handler: name, record, nowMs: clock.now(), random: random() }
    if (isUncounted(error)) return judgeUncounted(error, { ...failure, nth: this.#count(record, epoch, UNCOUNTED) })
    failed(record)
    const policy = options.onFailure ?? this.#policy
    const nth = this.#count(record, epoch, policy.stepsFor(error))
    const placeIn = (step: RetryTopicsStep): PlaceInChain => place(record.topic, step)
    return judge({ ...failure, error, nth, placeIn }, { policy, deadLetterTopic: this.#deadLetterTopic })
  }

  /** What follows where no attempt is left. */
  judgeLast(error: unknown, { name, options }: HandlerDefinition, record: Failure['record'], attempt: number): Last {
    const nowMs = this.#ports.clock.now()
    // Nor does it go to a retry topic.
    const placeIn = (): PlaceInChain => ({ at: 'elsewhere' })
    return judge(
      { error, attempt, nth: Number.POSITIVE_INFINITY, handler: name, record, nowMs, random: 0, placeIn },
      { policy: options.onFailure ?? this.#policy, deadLetterTopic: this.#deadLetterTopic },
    ) as Last
  }

  /** Under another assignment a record begins anew. */
  #count(record: ConsumerRecord, epoch: number, steps: readonly FailureStep[]): number {
    const known = this.#failures.get(record)
    const failures = known?.epoch === epoch ? known : { epoch, bySteps: new Map<readonly FailureStep[], number>() }
    const nth = (failures.bySteps.get(steps) ?? 0) + 1
    failures.bySteps.set(steps, nth)
    this.#failures.set(record, failures)
    return nth
  }
}

function defaultPolicy({ maxAttempts, retryBackoffMs, retryBackoffMaxMs }: FailureOptions): FailurePolicy {
  const fromMs = Math.min(retryBackoffMs, retryBackoffMaxMs)
  return retry({ attempts: maxAttempts, backoff: { fromMs, toMs: retryBackoffMaxMs } })
}
