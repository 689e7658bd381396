import type { LifecycleState } from '../model/lifecycle.ts'
import type { PauseCause } from '../model/pause-cause.ts'
import type { LateCounts } from '../policy/deadline.ts'
import type { Health } from '../policy/health.ts'
import type { HeadOfLine } from '../ports/events.ts'
import type { LimitName } from '../schedule/limits.ts'
import type { PartitionQueue } from '../schedule/partition-queue.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { DeadlineStatus } from '../state/deadlines.ts'
import type { CircuitStatus } from '../state/dependency.ts'
import type { OldestOpen, PartitionPhase, PartitionState } from '../state/partition-state.ts'

/** A partition of this member, as of the call of `status`. */
export interface PartitionStatus {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly phase: PartitionPhase
  /** The last acknowledged offset, −1 where the group has none. */
  readonly committed: number
  /** What would be committed now: the lowest open offset, else one past the highest settled. */
  readonly committable: number
  /** The end of the log as the last fetch saw it; with `read_committed` the last stable offset, as Kafka counts lag. */
  readonly logEnd: number | undefined
  readonly lag: number | undefined
  /** Records fetched and not settled. */
  readonly open: number
  /** The offset that holds the commits back, with the time since it was fetched; undefined where none is open. */
  readonly oldestOpen: OldestOpen | undefined
  /** Offsets past the lowest open one that need no settling; a commit carries them, so that a restart skips them. */
  readonly settledAhead: number
  /**
   * Records that were not run under this epoch because an earlier owner had done them; of ranges that it had quarantined,
   * offsets.
   */
  readonly skippedDoneAhead: number
  /** Of the records held in a retry topic those whose time has not come. */
  readonly waiting: number
  /**
   * Keys that have records in later retry topics, behind which the next ones of theirs go (`keepOrder`); past 10,000, places that
   * several keys share. Undefined where the partition has no later topic in such a chain.
   */
  readonly keysBehind: number | undefined
  readonly heldRecords: number
  readonly heldBytes: number
  /** `max.poll.records` in force: as given, or what fits with what the handler takes now. */
  readonly maxPollRecords: number
  /** What a record of the topic takes, in milliseconds; undefined before one was measured. */
  readonly handlerTime: { readonly meanMs: number; readonly p95Ms: number } | undefined
  /** How far it is from `maxPollIntervalMs`; undefined where nothing is admitted. */
  readonly deadline: DeadlineStatus | undefined
  /** The record that holds it back though nearly all past it are done. */
  readonly blockedBy: HeadOfLine | undefined
  readonly pausedBy: readonly PauseCause[]
  /** The options whose limits hold it back now: its fetches, the admission of what was fetched, or its slots. */
  readonly limitedBy: readonly LimitName[]
  /** The record at which a halted partition stands, with the reason. */
  readonly halted: string | undefined
}

/** What came from epochs that had ended, and did not count. */
export interface FencedCounts {
  /** Attempts whose handlers came back too late. */
  readonly attempts: number
  /** Records that were fetched for an earlier assignment. */
  readonly records: number
  /** Offsets that were to be committed for an earlier assignment. */
  readonly commits: number
}

/** The slots in use, as of the call of `status`. */
export interface SlotStatus {
  readonly concurrency: number
  readonly busy: number
  /** Attempts beside those in slots: they wait for what their middleware asks, such as a store, or for a slot after that. */
  readonly ahead: number
  /** Free slots that could run something if the records that wait had other keys: each waits for one of its lane. */
  readonly idleByOrder: number
}

/** A consumer as of the call of `status`. */
export interface ConsumerStatus {
  readonly state: LifecycleState
  readonly health: Health
  readonly memberId: string
  readonly generationId: number | undefined
  readonly slots: SlotStatus
  /** Counted since the consumer was made. */
  readonly fenced: FencedCounts
  /** Records that failed and are in a retry topic, or were. Counted as `fenced`, once for each such topic. */
  readonly moved: number
  /** Records that failed for good and are in a dead-letter topic. Counted as `fenced`. */
  readonly dead: number
  /** Records that were settled without effect, as their handler or their failure policy said. */
  readonly discarded: number
  /** What handlers depend on, as far as it has a circuit breaker. */
  readonly circuits: readonly CircuitStatus[]
  /** Offsets that could not be decoded, and were passed. */
  readonly quarantined: number
  /** As `fenced`. */
  readonly late: LateCounts
  /** Of the partition that is nearest to its deadline, what is left of `maxPollIntervalMs`, from 1 to 0; 1 with nothing to do. */
  readonly remaining: number
  readonly partitions: readonly PartitionStatus[]
}

export function slotStatus(concurrency: number, underWay: number, waitingByOrder: number): SlotStatus {
  const busy = Math.min(concurrency, underWay)
  return { concurrency, busy, ahead: underWay - busy, idleByOrder: Math.min(concurrency - busy, waitingByOrder) }
}

export interface PartitionStatusParts {
  readonly scheduler: Pick<Scheduler, 'limitsReached' | 'pollRecords'>
  readonly nowMs: number
  deadlineOf(state: PartitionState): DeadlineStatus | undefined
  headOf(state: PartitionState, nowMs: number): HeadOfLine | undefined
  keysBehind(state: PartitionState): number | undefined
}

export function partitionStatus(state: PartitionState, parts: PartitionStatusParts): PartitionStatus {
  const { scheduler, nowMs } = parts
  const { topic, partition, epoch, phase, committed, ledger, queue, highWatermark } = state
  const from = committed < 0 ? ledger.start : committed
  return {
    topic,
    partition,
    epoch,
    phase,
    committed,
    committable: ledger.committable,
    logEnd: highWatermark,
    lag: highWatermark === undefined ? undefined : Math.max(0, highWatermark - from),
    open: ledger.open,
    oldestOpen: state.oldestOpen(nowMs),
    settledAhead: ledger.settledAhead,
    skippedDoneAhead: state.skippedDoneAhead,
    waiting: queue.buffered - queue.due,
    keysBehind: parts.keysBehind(state),
    heldRecords: queue.heldRecords,
    heldBytes: queue.heldBytes,
    maxPollRecords: scheduler.pollRecords(queue),
    handlerTime: handlerTimeOf(state),
    deadline: parts.deadlineOf(state),
    blockedBy: parts.headOf(state, nowMs),
    pausedBy: pausesOf(queue),
    limitedBy: scheduler.limitsReached(queue),
    halted: state.haltedBy?.message,
  }
}

/** A circuit that is open stops handlers at once, and fetches only when enough has been fetched. */
function pausesOf(queue: PartitionQueue): PauseCause[] {
  const causes = [...queue.holds]
  return queue.isSuspendedBy('circuit') && !queue.holds.has('circuit') ? [...causes, 'circuit'] : causes
}

function handlerTimeOf({ handlerTime }: PartitionState): PartitionStatus['handlerTime'] {
  const { meanMs, p95Ms } = handlerTime
  return meanMs === undefined || p95Ms === undefined ? undefined : { meanMs, p95Ms }
}

export function consumerStatus(status: Omit<ConsumerStatus, 'remaining'>): ConsumerStatus {
  const remaining = status.partitions.reduce((least, { deadline }) => Math.min(least, deadline?.remaining ?? 1), 1)
  return { ...status, remaining }
}
