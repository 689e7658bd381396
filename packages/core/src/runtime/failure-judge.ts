import type { Failed, Last } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import { filterFailed } from '../policy/error-filter.ts'
import { type Failure, isUncounted, judge, judgeUncounted, type PlaceInChain } from '../policy/failure.ts'
import { type FailurePolicy, retry } from '../policy/failure-policy.ts'
import type { FailureStep, RetryTopicsStep } from '../policy/failure-steps.ts'
import type { Clock } from '../ports/clock.ts'
import type { Events } from '../ports/events.ts'

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
  readonly events: Events
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
    const part = this.#partFor(error, policy, name, record)
    const nth = this.#count(record, epoch, part.steps)
    const placeIn = (step: RetryTopicsStep): PlaceInChain => place(record.topic, step)
    return judge({ ...failure, ...part, error, nth, placeIn }, { policy, deadLetterTopic: this.#deadLetterTopic })
  }

  /** What follows where no attempt is left. */
  judgeLast(error: unknown, { name, options }: HandlerDefinition, record: Failure['record'], attempt: number): Last {
    const nowMs = this.#ports.clock.now()
    // Nor does it go to a retry topic.
    const placeIn = (): PlaceInChain => ({ at: 'elsewhere' })
    const policy = options.onFailure ?? this.#policy
    const part = this.#partFor(error, policy, name, record)
    return judge(
      { ...part, error, attempt, nth: Number.POSITIVE_INFINITY, handler: name, record, nowMs, random: 0, placeIn },
      { policy, deadLetterTopic: this.#deadLetterTopic },
    ) as Last
  }

  /** Asks the filters once: what they answer need not be the same twice. */
  #partFor(
    error: unknown,
    policy: FailurePolicy,
    handler: string,
    record: Failure['record'],
  ): Pick<Failure, 'steps' | 'isDoubtful'> {
    let isDoubtful = false
    const steps = policy.stepsFor(error, (cause) => {
      isDoubtful = true
      const { topic, partition, offset } = record
      const failure = filterFailed('onFailure', handler, record, cause)
      this.#ports.events.emit('filter:failed', {
        topic,
        partition,
        offset,
        handler,
        option: 'onFailure',
        error: failure,
      })
    })
    return { steps, isDoubtful }
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
