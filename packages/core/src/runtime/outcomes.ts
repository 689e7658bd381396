import { HoldfastError } from '../errors/holdfast-error.ts'
import type { Failed, Halt, Held, Moved, Outcome, Retry, Untried } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import { Unavailable } from '../policy/verdicts.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'
import type { Slots } from '../state/slots.ts'

export interface OutcomePorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly slots: Slots
  readonly events: Events
  now(): number
  /** Records of the partition were settled. */
  settled(state: PartitionState, count: number): void
  /** A record was settled while its batch goes on: there may be room for more. */
  madeRoom(): void
}

/** What follows for the records of a delivery that are not settled, by their offsets and in their order. */
type Left = ReadonlyMap<number, Failed | Untried>

/** Carries out what an attempt led to: settles records, parks lanes, halts the partition. */
export class Outcomes {
  readonly #ports: OutcomePorts

  constructor(ports: OutcomePorts) {
    this.#ports = ports
  }

  apply(outcome: Outcome, context: AttemptContext, state: PartitionState): void {
    const { lanes } = context.delivery
    if (state.phase === 'retired') return this.#ports.events.emit('attempt:stale', context.event)
    this.#noteOutage(outcome, state)
    switch (outcome.type) {
      case 'done':
        this.#settleDone(openOf(context), context, state)
        for (const lane of lanes) lane.finish()
        return
      case 'partial':
        this.#applyEach(outcome.left, context, state)
        if (context.givenUpBy === 'suspended') for (const lane of lanes) lane.hold(context.delivery.attempt)
        else if (context.givenUpBy !== undefined) for (const lane of lanes) lane.stop()
        return
      case 'retry':
      case 'held':
      case 'halt':
      case 'moved':
      case 'dead':
      case 'skipped':
        return this.#fail(outcome, context, state)
      case 'aborted':
        for (const lane of lanes) lane.stop()
    }
  }

  /** Halts the partition of an attempt, whether its handler comes back or not. */
  halt(error: HoldfastError, context: AttemptContext, state: PartitionState): void {
    this.#halt(new Map([[context.firstOpen.offset, { type: 'halt', error }]]), context, state)
  }

  /** Settles one record of a batch whose handler still runs. */
  settleEarly(context: AttemptContext, record: ConsumerRecord): void {
    const state = this.#ports.partitions.at(record, context.epoch)
    if (state === undefined) return
    this.#settleDone([record], context, state)
    this.#ports.madeRoom()
  }

  /** A partition takes on nothing more while its records cannot begin; the first one that can ends that. */
  #noteOutage(outcome: Outcome, state: PartitionState): void {
    const { waitsFor } = state
    if (outcome.type === 'aborted' || (waitsFor === undefined && outcome.type === 'done')) return
    state.waitsFor = lackIn(outcome)
    if (state.waitsFor !== undefined) this.#ports.scheduler.hold(state.queue, 'dependency')
    else if (waitsFor !== undefined) this.#ports.scheduler.unhold(state.queue, 'dependency')
  }

  #fail(outcome: Failed, context: AttemptContext, state: PartitionState): void {
    const open = openOf(context)
    this.#applyEach(new Map(open.map(({ offset }) => [offset, outcome])), context, state)
    if (open.length > 0) return
    const error = causeOf(outcome)
    this.#ports.events.emit('attempt:failed', { ...context.event, error, records: 0, retryInMs: undefined })
  }

  #applyEach(left: Left, context: AttemptContext, state: PartitionState): void {
    const settled = openOf(context).filter(({ offset }) => !isOpenAfter(left.get(offset)))
    this.#settleInOrder(settled, left, context, state)
    this.#tellEnds(left, context)
    const retries = [...left].filter((entry): entry is [number, Retry] => entry[1].type === 'retry')
    // They run together again, so that a batch does not fall apart by its back-off.
    const dueMs = retries.reduce((latestMs, [, { atMs }]) => Math.max(latestMs, atMs), 0)
    const isCounted = retries.some(([, retry]) => !retry.isUncounted)
    const { attempt } = context.delivery
    const failedAttempt = isCounted ? attempt : attempt - 1
    for (const lane of context.delivery.lanes) {
      let isFailed = false
      let isToGoOn = false
      lane.keep(({ offset }) => {
        const next = left.get(offset)
        isFailed ||= next?.type === 'retry'
        isToGoOn ||= next?.type === 'held' || next?.type === 'untried'
        return isOpenAfter(next)
      })
      if (isFailed) this.#ports.scheduler.park(lane, failedAttempt, dueMs, this.#ports.now())
      else if (isToGoOn) lane.hold(attempt)
    }
    this.#tellRetry(retries, dueMs, context)
    this.#tellHeld(left, context)
    this.#halt(left, context, state)
  }

  #tellEnds(left: Left, context: AttemptContext): void {
    const { events } = this.#ports
    for (const [offset, next] of left) {
      const event = { ...context.event, offset }
      if (next.type === 'moved') events.emit('record:moved', { ...event, ...moveOf(next) })
      if (next.type === 'dead' && !context.letters?.has(offset))
        events.emit('record:dead', { ...event, deadLetterTopic: next.topic, error: next.error })
      if (next.type === 'skipped') events.emit('record:discarded', { ...event, reason: next.reason, error: next.error })
    }
  }

  #tellRetry(retries: readonly [number, Retry][], dueMs: number, context: AttemptContext): void {
    const [first] = retries
    if (first === undefined) return
    const [offset, { error }] = first
    this.#ports.events.emit('attempt:failed', {
      ...context.event,
      offset,
      error,
      records: retries.length,
      retryInMs: dueMs - this.#ports.now(),
    })
  }

  #tellHeld(left: Left, context: AttemptContext): void {
    const helds = [...left].filter((entry): entry is [number, Held] => entry[1].type === 'held')
    const [first] = helds
    if (first === undefined) return
    const [offset, { circuit, error }] = first
    this.#ports.events.emit('attempt:held', { ...context.event, offset, circuit, error, records: helds.length })
  }

  #halt(left: Left, context: AttemptContext, state: PartitionState): void {
    const halts = [...left].filter((entry): entry is [number, Halt] => entry[1].type === 'halt')
    const [first] = halts
    if (first === undefined) return
    const [offset, halt] = first
    const { error } = halt
    // What a partition held that was halted by a batch past it has run until now.
    this.#ports.scheduler.halt(state.queue)
    for (const { current } of this.#ports.slots.of(new Set([state]))) current?.callOff('halted')
    if (state.haltedBy !== undefined) return
    state.haltedBy = error
    state.enter('halted')
    const event = { ...context.event, offset }
    this.#ports.events.emit('attempt:failed', {
      ...event,
      error: causeOf(halt),
      records: halts.length,
      retryInMs: undefined,
    })
    this.#ports.events.emit('partition:halted', { ...event, error })
  }

  #settleDone(records: readonly ConsumerRecord[], context: AttemptContext, state: PartitionState): void {
    this.#keepOutputs(records, context, state)
    this.#settle(records, context, state)
  }

  /** What was produced for records is pending before they count as settled: no commit finds one without the other. */
  #keepOutputs(done: readonly ConsumerRecord[], context: AttemptContext, state: PartitionState): void {
    if (context.hasOutputs) state.outputs.add(context.takeOutputs(done))
  }

  /**
   * In the order of their offsets: what may be committed before a letter is all that is settled and pending then, and of its
   * key nothing that comes after it.
   */
  #settleInOrder(settled: readonly ConsumerRecord[], left: Left, context: AttemptContext, state: PartitionState): void {
    let direct: ConsumerRecord[] = []
    for (const record of settled) {
      const letter = context.letters?.get(record.offset)
      if (letter === undefined) {
        direct.push(record)
        continue
      }
      this.#settleDirect(direct, left, context, state)
      direct = []
      state.outputs.addLetter(letter, state.progress)
      this.#settle([record], context, state)
    }
    this.#settleDirect(direct, left, context, state)
  }

  /** What leaves no letter behind. */
  #settleDirect(records: readonly ConsumerRecord[], left: Left, context: AttemptContext, state: PartitionState): void {
    if (records.length === 0) return
    const done = records.filter(({ offset }) => !left.has(offset))
    this.#keepOutputs(done, context, state)
    this.#settle(records, context, state)
  }

  #settle(records: readonly ConsumerRecord[], context: AttemptContext, state: PartitionState): void {
    const { events } = this.#ports
    for (const { offset } of records) state.ledger.settle(offset)
    state.queue.finish(records)
    this.#ports.settled(state, records.length)
    if (!events.hasListeners('record:settled')) return
    for (const { offset } of records) events.emit('record:settled', { ...context.event, offset })
  }
}

function moveOf({ topic: retryTopic, delayMs, error, behindSinceMs }: Moved) {
  const reason = behindSinceMs === undefined ? ('failed' as const) : ('behind its key' as const)
  return { retryTopic, delayMs, reason, error }
}

/** What went to another topic is acknowledged by now, or goes there with the offset. */
function isOpenAfter(next: Failed | Untried | undefined): boolean {
  return next !== undefined && next.type !== 'moved' && next.type !== 'dead' && next.type !== 'skipped'
}

function lackIn(outcome: Outcome): Unavailable | undefined {
  const found = outcome.type === 'partial' ? [...outcome.left.values()] : [outcome]
  const lacking = found.find((next) => next.type === 'retry' && next.error instanceof Unavailable)
  return lacking?.type === 'retry' ? (lacking.error as Unavailable) : undefined
}

function openOf(context: AttemptContext): readonly ConsumerRecord[] {
  const { records } = context.delivery
  return context.hasSettled ? records.filter((record) => context.isOpen(record)) : records
}

/** What the handler threw. */
function causeOf({ error }: Failed): unknown {
  return error instanceof HoldfastError && error.code === 'HF_HANDLER_FAILED' ? error.cause : error
}
