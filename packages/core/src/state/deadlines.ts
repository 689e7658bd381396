import type { PollAge } from '../policy/deadline.ts'
import type { PartitionState } from './partition-state.ts'
import type { Slots } from './slots.ts'

/** An attempt that has had so much of the age of its poll batch is what makes it old. */
const NEARLY_ALL = 0.9

/** How far a partition is from its deadline. */
export interface DeadlineStatus {
  /** What is left of `maxPollIntervalMs` for its oldest work, from 1 to 0. */
  readonly remaining: number
  readonly ageMs: number
  /** The age at which all that is admitted is expected to be done. */
  readonly foreseenMs: number
}

export interface DeadlinesPorts {
  readonly slots: Slots
  readonly maxPollIntervalMs: number
  /** When so many waiting records of a partition would be done. */
  foreseenMs(state: PartitionState, waiting: number): number
}

/** The distance of partitions to their deadlines. */
export class Deadlines {
  readonly #ports: DeadlinesPorts

  constructor(ports: DeadlinesPorts) {
    this.#ports = ports
  }

  /** Answers for each partition; valid while nothing starts or ends. */
  ages(nowMs: number): (state: PartitionState) => PollAge {
    const running = this.#ports.slots.byPartition()
    const { maxPollIntervalMs } = this.#ports
    return (state) => {
      const attempts = running.get(state)
      const attemptMs = attempts === undefined ? 0 : nowMs - attempts.oldest.startedMs
      const { isSuspended, admitted } = state.queue
      // What may not run does not age, and has no end to foresee. With at-most-once what runs is no longer open.
      const admittedMs = isSuspended ? 0 : state.admittedAgeMs(nowMs)
      const ageMs = Math.max(attemptMs, admittedMs)
      const waiting = isSuspended ? 0 : Math.max(0, admitted - (attempts?.records ?? 0))
      return {
        used: ageMs / maxPollIntervalMs,
        foreseen: (ageMs + this.#ports.foreseenMs(state, waiting)) / maxPollIntervalMs,
        isOfAttempt: attemptMs >= ageMs * NEARLY_ALL,
      }
    }
  }

  /** Undefined where nothing is admitted. */
  statuses(nowMs: number): (state: PartitionState) => DeadlineStatus | undefined {
    const ages = this.ages(nowMs)
    const { maxPollIntervalMs } = this.#ports
    return (state) => {
      if (state.queue.admitted === 0) return undefined
      const { used, foreseen } = ages(state)
      return {
        remaining: Math.max(0, 1 - used),
        ageMs: used * maxPollIntervalMs,
        foreseenMs: foreseen * maxPollIntervalMs,
      }
    }
  }
}
