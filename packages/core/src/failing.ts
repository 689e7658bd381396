import type { ConsumerConfig } from './config/options.ts'
import type { Judge } from './pipeline/attempt.ts'
import type { Clock } from './ports/clock.ts'
import type { OutgoingRecord } from './ports/driver.ts'
import type { Events } from './ports/events.ts'
import { DeadLetters } from './runtime/dead-letters.ts'
import { FailureJudge } from './runtime/failure-judge.ts'
import { OutcomeCounter } from './runtime/outcome-counter.ts'
import type { Scheduler } from './schedule/scheduler.ts'

export interface FailingPorts {
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  produce(records: readonly OutgoingRecord[]): Promise<void>
}

/** Constructs all that says and does what follows when a record fails. */
export class Failing {
  readonly deadLetters: DeadLetters
  readonly endings: OutcomeCounter
  readonly judge: Judge

  constructor(config: ConsumerConfig, ports: FailingPorts) {
    const random = (): number => Math.random()
    this.endings = new OutcomeCounter(ports.events)
    this.deadLetters = new DeadLetters({ ...ports, groupId: config.groupId, backoff: config, random })
    const failures = new FailureJudge(config, {
      ...ports,
      random,
      failed: (record) => this.deadLetters.noteFailure(record),
    })
    this.judge = (...failure) => failures.judge(...failure)
  }
}
