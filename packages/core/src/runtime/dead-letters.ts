import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { type Dead, type Failed, type Outcome, type Retry, UNTRIED, type Untried } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { partitionName } from '../model/topic-partition.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import { type Death, deadLetterOf, LAST_SHRINKING } from '../pipeline/dead-letter.ts'
import { type Backoff, backoffMs } from '../policy/backoff.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutgoingRecord } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'

export interface DeadLetterPorts {
  readonly groupId: string
  readonly backoff: Backoff
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  random(): number
  produce(records: readonly OutgoingRecord[]): Promise<void>
}

/** A record that waits until its dead-letter topic takes it. */
interface Waiting {
  readonly dead: Dead
  readonly death: Death
  failures: number
}

/**
 * Writes records that failed for good to their dead-letter topics. A record counts as dead when that is acknowledged; until
 * then it stays open at the head of its lane, its handler is not called again, and its partition takes on nothing more.
 */
export class DeadLetters {
  readonly #ports: DeadLetterPorts
  readonly #waiting = new WeakMap<PartitionState, Map<ConsumerRecord, Waiting>>()
  readonly #firstFailedMs = new WeakMap<ConsumerRecord, number>()
  /** Most consumers never need to look. */
  #hasWaited = false

  constructor(ports: DeadLetterPorts) {
    this.#ports = ports
  }

  /** A record has failed; it may fail again. */
  noteFailure(record: ConsumerRecord): void {
    if (!this.#firstFailedMs.has(record)) this.#firstFailedMs.set(record, this.#ports.clock.wallNow())
  }

  /** The outcome of a delivery in which records wait to be written, without calling their handler; undefined where none do. */
  outcomeOf(context: AttemptContext, state: PartitionState): Outcome | undefined {
    const waiting = this.#hasWaited ? this.#waiting.get(state) : undefined
    if (waiting === undefined) return undefined
    const { records } = context.delivery
    if (!records.some((record) => waiting.has(record))) return undefined
    const left = records.map((record): [number, Dead | Untried] => [
      record.offset,
      waiting.get(record)?.dead ?? UNTRIED,
    ])
    return { type: 'partial', left: new Map(left) }
  }

  /** Writes what the outcome says is dead. What could not be written is tried again later. */
  async bury(outcome: Outcome, context: AttemptContext, state: PartitionState): Promise<Outcome> {
    const left = deadIn(outcome, context)
    if (left === undefined) return outcome
    const settled = await Promise.all(
      [...left].map(async ([offset, next]): Promise<[number, Failed | Untried]> => {
        if (next.type !== 'dead') return [offset, next]
        const record = context.delivery.records.find((each) => each.offset === offset) as ConsumerRecord
        return [offset, await this.#write(next, record, context, state)]
      }),
    )
    return { type: 'partial', left: new Map(settled) }
  }

  async #write(
    dead: Dead,
    record: ConsumerRecord,
    context: AttemptContext,
    state: PartitionState,
  ): Promise<Dead | Retry> {
    const waiting = this.#waiting.get(state)?.get(record) ?? {
      dead,
      death: this.#deathOf(dead, record, context),
      failures: 0,
    }
    try {
      await this.#produce(waiting.death)
      this.#written(record, state)
      return waiting.dead
    } catch (error) {
      waiting.failures += 1
      return this.#failed(error, waiting, context, state)
    }
  }

  /** A topic that takes no record of this size gets less of it, down to its key and what became of it. */
  async #produce(death: Death): Promise<void> {
    for (let shrinking = 0; ; shrinking += 1) {
      try {
        return await this.#ports.produce([deadLetterOf(death, shrinking)])
      } catch (error) {
        const isTooLarge = error instanceof HoldfastError && error.code === 'HF_RECORD_TOO_LARGE'
        if (!isTooLarge || shrinking >= LAST_SHRINKING) throw error
      }
    }
  }

  #written(record: ConsumerRecord, state: PartitionState): void {
    const waiting = this.#waiting.get(state)
    waiting?.delete(record)
    if (waiting?.size !== 0) return
    this.#waiting.delete(state)
    this.#ports.scheduler.unhold(state.queue, 'dead letter')
  }

  #failed(error: unknown, waiting: Waiting, context: AttemptContext, state: PartitionState): Retry {
    const { events, clock, backoff, random, scheduler } = this.#ports
    const { dead, death, failures } = waiting
    const all = this.#waiting.get(state) ?? new Map<ConsumerRecord, Waiting>()
    this.#waiting.set(state, all.set(death.record, waiting))
    this.#hasWaited = true
    scheduler.hold(state.queue, 'dead letter')
    const retryInMs = backoffMs(failures, backoff, random())
    const failure = deadLetterFailed(error, death)
    const { offset } = death.record
    events.emit('deadletter:failed', {
      ...context.event,
      offset,
      deadLetterTopic: dead.topic,
      error: failure,
      retryInMs,
    })
    return { type: 'retry', atMs: clock.now() + retryInMs, error: failure }
  }

  #deathOf({ topic, error }: Dead, record: ConsumerRecord, { handler, attempt }: AttemptContext): Death {
    const lastFailedMs = this.#ports.clock.wallNow()
    return {
      record,
      deadLetterTopic: topic,
      groupId: this.#ports.groupId,
      handler,
      attempts: attempt,
      error,
      firstFailedMs: this.#firstFailedMs.get(record) ?? lastFailedMs,
      lastFailedMs,
    }
  }
}

/** By offset, what follows for the records of an outcome; undefined where none of them is dead. */
function deadIn(outcome: Outcome, context: AttemptContext): ReadonlyMap<number, Failed | Untried> | undefined {
  if (outcome.type === 'partial')
    return [...outcome.left.values()].some(({ type }) => type === 'dead') ? outcome.left : undefined
  if (outcome.type !== 'dead') return undefined
  const open = context.delivery.records.filter((record) => context.isOpen(record))
  return new Map(open.map(({ offset }) => [offset, outcome]))
}

function deadLetterFailed(cause: unknown, { record, deadLetterTopic, handler }: Death): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_DEAD_LETTER_FAILED',
    `${partitionName(record)}@${offset} failed for good in ${handler}, and its dead-letter topic ${deadLetterTopic} does not take it (${describeError(cause)}).\n  The record stays open, its partition waits, and it is written again after a pause. Fix: create ${deadLetterTopic}, allow writing to it, or raise its max.message.bytes.`,
    { cause, details: { topic, partition, offset, deadLetterTopic } },
  )
}
