import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import {
  type Dead,
  type Failed,
  type Last,
  type Moved,
  type Outcome,
  type Retry,
  UNTRIED,
  type Untried,
} from '../model/outcome.ts'
import type { PauseCause } from '../model/pause-cause.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { partitionName } from '../model/topic-partition.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import { canShrink, type Death, deadLetterOf } from '../pipeline/dead-letter.ts'
import type { PendingLetter } from '../pipeline/pending-letter.ts'
import { type Original, retryRecordOf } from '../pipeline/retry-record.ts'
import { type Backoff, backoffMs } from '../policy/backoff.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutgoingRecord } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'

export interface ForwardingPorts {
  readonly groupId: string
  readonly backoff: Backoff
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  /** Whether dead letters are written by the transaction that commits the offset of their record. */
  readonly inTransactions: boolean
  random(): number
  produce(records: readonly OutgoingRecord[]): Promise<void>
  /** A record of a retry topic as it was before it failed. */
  originalOf(record: ConsumerRecord): Original
  /** What follows for a record that has failed with this error and fits no retry topic. */
  afterRetryTopics(error: unknown, context: AttemptContext, record: ConsumerRecord): Last
  /** A record that others of its key are to follow is in its retry topic, with this time stamp. */
  moved(record: ConsumerRecord, state: PartitionState, timestamp: number): void
}

/** What goes to another topic: a retry topic, or one for dead letters. */
type Forward = Moved | Dead

const HOLD_OF: Readonly<Record<Forward['type'], PauseCause>> = { moved: 'retry topic', dead: 'dead letter' }

/** What follows where a topic does not take a record. */
const OPEN = 'The record stays open, its partition waits, and it is written again after a pause.'
const TOO_LARGE =
  'It comes to the end of its failure policy without retry topics, or waits until its key is through them.'

/** A record that waits until another topic takes it. */
interface Waiting {
  readonly forward: Forward
  readonly original: Original
  readonly handler: string
  readonly lastFailedMs: number
  failures: number
}

/**
 * Writes records that failed to their retry or dead-letter topics. A record counts as settled here when that is
 * acknowledged; until then it stays open at the head of its lane, its handler is not called again, and its partition takes
 * on nothing more. With transactions a dead letter is one of their outputs: its record is settled at once, and the offset is
 * not committed without it.
 */
export class Forwarding {
  readonly #ports: ForwardingPorts
  readonly #waiting = new WeakMap<PartitionState, Map<ConsumerRecord, Waiting>>()
  /** How often a retry topic has found a record too large. */
  readonly #tooLargeTimes = new WeakMap<ConsumerRecord, number>()
  readonly #firstFailedMs = new WeakMap<ConsumerRecord, number>()
  /** Most consumers never need to look. */
  #hasWaited = false

  constructor(ports: ForwardingPorts) {
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
    const left = records.map((record): [number, Forward | Untried] => [
      record.offset,
      waiting.get(record)?.forward ?? UNTRIED,
    ])
    return { type: 'partial', left: new Map(left) }
  }

  /** Writes what the outcome says is to go elsewhere. What could not be written is tried again later. */
  async forward(outcome: Outcome, context: AttemptContext, state: PartitionState): Promise<Outcome> {
    const left = leftOf(outcome, context)
    if (left === undefined) return outcome
    if (this.#ports.inTransactions) return this.#withLetters(outcome, left, context)
    const settled = await Promise.all(
      [...left].map(async ([offset, next]): Promise<[number, Failed | Untried]> => {
        if (!isForward(next)) return [offset, next]
        const record = context.delivery.records.find((each) => each.offset === offset) as ConsumerRecord
        const waiting = this.#waiting.get(state)?.get(record) ?? this.#begin(next, record, context)
        return [offset, await this.#write(waiting, record, context, state)]
      }),
    )
    return { type: 'partial', left: new Map(settled) }
  }

  /** There are no retry topics then, so that what goes elsewhere is dead. */
  #withLetters(outcome: Outcome, left: ReadonlyMap<number, Failed | Untried>, context: AttemptContext): Outcome {
    const letters = new Map<number, PendingLetter>()
    for (const record of context.delivery.records) {
      const next = left.get(record.offset)
      if (next?.type === 'dead') letters.set(record.offset, this.#letterOf(next, record, context))
    }
    context.letters = letters
    return outcome
  }

  #letterOf(dead: Dead, record: ConsumerRecord, context: AttemptContext): PendingLetter {
    const { events, backoff, random } = this.#ports
    const { topic: deadLetterTopic, error } = dead
    const waiting = this.#begin(dead, record, context)
    const death = this.#deathOf(dead, waiting)
    const event = { ...context.event, offset: record.offset, deadLetterTopic }
    return {
      form: (shrinking) => deadLetterOf(death, shrinking),
      canShrink: (shrinking) => canShrink(death, shrinking),
      visible: () => events.emit('record:dead', { ...event, error }),
      refused: (cause, failures) => {
        const retryInMs = backoffMs(failures, backoff, random())
        const refusal = notTaken(cause, record, dead, waiting.handler)
        events.emit('deadletter:failed', { ...event, error: refusal, retryInMs })
        return retryInMs
      },
    }
  }

  async #write(
    waiting: Waiting,
    record: ConsumerRecord,
    context: AttemptContext,
    state: PartitionState,
  ): Promise<Failed> {
    try {
      await this.#produce(waiting, record, state)
      this.#written(record, state)
      return waiting.forward
    } catch (error) {
      const { forward } = waiting
      if (forward.type === 'dead' || !isTooLarge(error)) return this.#failed(error, record, waiting, context, state)
      return this.#tooLarge(error, record, { ...waiting, forward }, context, state)
    }
  }

  /** No pause makes it smaller. What failed comes to its end at once; what would follow another waits here for its turn. */
  async #tooLarge(
    cause: unknown,
    record: ConsumerRecord,
    waiting: Waiting & { readonly forward: Moved },
    context: AttemptContext,
    state: PartitionState,
  ): Promise<Failed> {
    const { events, clock, backoff, random, afterRetryTopics } = this.#ports
    const { forward, handler } = waiting
    this.#written(record, state)
    const times = (this.#tooLargeTimes.get(record) ?? 0) + 1
    this.#tooLargeTimes.set(record, times)
    const retryInMs = isBehind(forward) ? backoffMs(times, backoff, random()) : undefined
    const error = notTaken(cause, record, forward, handler)
    const event = { ...context.event, offset: record.offset, error, retryInMs }
    events.emit('retrytopic:failed', { ...event, retryTopic: forward.topic })
    if (retryInMs !== undefined) return { type: 'retry', atMs: clock.now() + retryInMs, error, isUncounted: true }
    const last = afterRetryTopics(forward.error, context, record)
    if (last.type !== 'dead') return last
    return this.#write({ ...waiting, forward: last, failures: 0 }, record, context, state)
  }

  #begin(forward: Forward, record: ConsumerRecord, { handler, delivery }: AttemptContext): Waiting {
    const original = this.#ports.originalOf(record)
    const lastFailedMs = this.#ports.clock.wallNow()
    if (isBehind(forward)) return { forward, original, handler, lastFailedMs, failures: 0 }
    const attempts = original.attempts + delivery.attempt
    const firstFailedMs = original.firstFailedMs ?? this.#firstFailedMs.get(record) ?? lastFailedMs
    return { forward, original: { ...original, attempts, firstFailedMs }, handler, lastFailedMs, failures: 0 }
  }

  async #produce(waiting: Waiting, record: ConsumerRecord, state: PartitionState): Promise<void> {
    const { forward, original } = waiting
    if (forward.type === 'dead') return this.#produceLetter(this.#deathOf(forward, waiting))
    const wallNowMs = this.#ports.clock.wallNow()
    const { groupId } = this.#ports
    const written = retryRecordOf({ ...original, groupId }, forward, state.partition, wallNowMs)
    await this.#ports.produce([written])
    if (forward.keepsOrder) this.#ports.moved(record, state, written.timestamp ?? wallNowMs)
  }

  /** A topic that takes no record of this size gets less of it, down to its key and what became of it. */
  async #produceLetter(death: Death): Promise<void> {
    for (let shrinking = 0; ; shrinking += 1) {
      try {
        return await this.#ports.produce([deadLetterOf(death, shrinking)])
      } catch (error) {
        if (!isTooLarge(error) || !canShrink(death, shrinking)) throw error
      }
    }
  }

  #written(record: ConsumerRecord, state: PartitionState): void {
    const waiting = this.#waiting.get(state)
    const known = waiting?.get(record)
    if (waiting === undefined || known === undefined) return
    waiting.delete(record)
    const cause = HOLD_OF[known.forward.type]
    if (![...waiting.values()].some(({ forward }) => HOLD_OF[forward.type] === cause)) {
      this.#ports.scheduler.unhold(state.queue, cause)
    }
    if (waiting.size === 0) this.#waiting.delete(state)
  }

  #failed(
    cause: unknown,
    record: ConsumerRecord,
    waiting: Waiting,
    context: AttemptContext,
    state: PartitionState,
  ): Retry {
    const { events, clock, backoff, random, scheduler } = this.#ports
    const all = this.#waiting.get(state) ?? new Map<ConsumerRecord, Waiting>()
    this.#waiting.set(state, all.set(record, waiting))
    this.#hasWaited = true
    waiting.failures += 1
    const { forward, handler, failures } = waiting
    scheduler.hold(state.queue, HOLD_OF[forward.type])
    const retryInMs = backoffMs(failures, backoff, random())
    const error = notTaken(cause, record, forward, handler)
    const event = { ...context.event, offset: record.offset, error, retryInMs }
    if (forward.type === 'dead') events.emit('deadletter:failed', { ...event, deadLetterTopic: forward.topic })
    else events.emit('retrytopic:failed', { ...event, retryTopic: forward.topic })
    return { type: 'retry', atMs: clock.now() + retryInMs, error }
  }

  #deathOf({ topic, error }: Dead, { original, handler, lastFailedMs }: Waiting): Death {
    const { record, attempts, firstFailedMs = lastFailedMs } = original
    const { groupId } = this.#ports
    return { record, deadLetterTopic: topic, groupId, handler, attempts, error, firstFailedMs, lastFailedMs }
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'HF_RECORD_TOO_LARGE'
}

function isForward(next: Failed | Untried): next is Forward {
  return next.type === 'dead' || next.type === 'moved'
}

function isBehind(forward: Forward): boolean {
  return forward.type === 'moved' && forward.behindSinceMs !== undefined
}

/** By offset, what follows for the records of an outcome; undefined where none of them goes elsewhere. */
function leftOf(outcome: Outcome, context: AttemptContext): ReadonlyMap<number, Failed | Untried> | undefined {
  if (outcome.type === 'partial') return [...outcome.left.values()].some(isForward) ? outcome.left : undefined
  if (outcome.type !== 'dead' && outcome.type !== 'moved') return undefined
  const open = context.delivery.records.filter((record) => context.isOpen(record))
  return new Map(open.map(({ offset }) => [offset, outcome]))
}

function notTaken(
  cause: unknown,
  record: ConsumerRecord,
  { type, topic: to }: Forward,
  handler: string,
): HoldfastError {
  const { topic, partition, offset } = record
  const isDead = type === 'dead'
  const follows = isDead || !isTooLarge(cause) ? OPEN : TOO_LARGE
  const [how, kind] = isDead ? ['failed for good', 'dead-letter topic'] : ['failed', 'retry topic']
  return new HoldfastError(
    isDead ? 'HF_DEAD_LETTER_FAILED' : 'HF_RETRY_TOPIC_FAILED',
    `${partitionName(record)}@${offset} ${how} in ${handler}, and its ${kind} ${to} does not take it (${describeError(cause)}).\n  ${follows} Fix: create ${to}, allow writing to it, or raise its max.message.bytes.`,
    { cause, details: { topic, partition, offset, [isDead ? 'deadLetterTopic' : 'retryTopic']: to } },
  )
}
