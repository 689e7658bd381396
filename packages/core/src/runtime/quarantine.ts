import type { HoldfastError } from '../errors/holdfast-error.ts'
import type { Dead, Last } from '../model/outcome.ts'
import type { TopicPartition } from '../model/topic-partition.ts'
import { lastOffsetOf, type Undecodable } from '../model/undecodable.ts'
import type { PendingLetter } from '../pipeline/pending-letter.ts'
import { quarantineNote } from '../pipeline/quarantine-note.ts'
import { type Backoff, backoffMs } from '../policy/backoff.ts'
import {
  endlessError,
  haltedError,
  noteFailedError,
  undecodableError,
  unsupportedError,
} from '../policy/undecodable-errors.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { OutgoingRecord } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

export interface QuarantineOptions extends Backoff {
  readonly groupId: string
  readonly quarantineAfter: number
}

export interface QuarantinePorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  /** Whether notes are written by the transaction that commits the position past what they are about. */
  readonly inTransactions: boolean
  random(): number
  handlerOf(topic: string): string
  /** What follows by the failure policy. */
  judge(error: HoldfastError, place: TopicPartition & { readonly offset: number }, fetches: number): Last
  produce(records: readonly OutgoingRecord[]): Promise<void>
  skipTo(partition: TopicPartition, epoch: number, offset: number): void
  /** Offsets were passed: there may be something to commit. */
  progressed(): void
  react(): void
}

/** What stands at the position of a partition. */
interface Case extends Undecodable {
  fetches: number
  /** Writes of the note that failed. */
  failures: number
  readonly firstMs: number
}

/** A case of which the extent is known. */
type Bounded = Case & { readonly nextOffset: number }

/**
 * What the client cannot decode. Its partition is not fetched meanwhile, so that the ledger ends where it begins: nothing
 * past it can be committed, and what lies before it runs on.
 *
 * - What may be damage is fetched again, after pauses, `quarantineAfter` times in all.
 * - Then the failure policy says what follows. By default the dead-letter topic gets a note of its offsets, and the partition
 *   goes on past them when that is acknowledged; without such a topic it halts. With transactions the note is one of their
 *   outputs: the partition goes on at once, and its position is not committed without it.
 * - Where not even its extent can be read it always halts: nobody can say where the next record begins. So it does where this
 *   process lacks a codec, or all that others can read would be passed.
 */
export class Quarantine {
  readonly #options: QuarantineOptions
  readonly #ports: QuarantinePorts
  readonly #cases = new WeakMap<PartitionState, Case>()
  readonly #timers = new Set<Timer>()
  #isOver = false

  constructor(options: QuarantineOptions, ports: QuarantinePorts) {
    this.#options = options
    this.#ports = ports
    ports.events.on('consumer:state', ({ to }) => {
      if (to === 'stopped' || to === 'failed') this.#stop()
    })
  }

  undecodable(partition: TopicPartition, epoch: number, found: Undecodable): void {
    const { partitions, scheduler, clock } = this.#ports
    const state = partitions.at(partition, epoch)
    // A fetch can be under way while its partition is paused.
    if (state === undefined || state.queue.holds.has('undecodable') || found.firstOffset < state.ledger.next) return
    if (this.#isDoneAhead(found, state)) return this.#passDone(found, state)
    scheduler.hold(state.queue, 'undecodable')
    const known = this.#cases.get(state)
    const isSame = known?.firstOffset === found.firstOffset
    const fetches = isSame ? known.fetches + 1 : 1
    const each: Case = { ...found, fetches, failures: 0, firstMs: isSame ? known.firstMs : clock.wallNow() }
    this.#cases.set(state, each)
    const mayHeal = each.kind === 'damaged' && fetches < this.#options.quarantineAfter
    if (mayHeal) this.#fetchAgain(each, state)
    else if (each.kind === 'unsupported') this.#halt(unsupportedError(each, state), each, state)
    else if (isBounded(each)) this.#end(each, state)
    else this.#halt(endlessError(each, state), each, state)
  }

  /** An earlier owner has quarantined it, and could not commit past what lay open before. */
  #isDoneAhead(found: Undecodable, state: PartitionState): found is Undecodable & { readonly nextOffset: number } {
    return found.nextOffset !== undefined && state.ledger.remembers(found.firstOffset, found.nextOffset)
  }

  #passDone(found: Undecodable & { readonly nextOffset: number }, state: PartitionState): void {
    const count = found.nextOffset - found.firstOffset
    state.skippedDoneAhead += count
    this.#ports.events.emit('record:skipped', { ...state.name, count, reason: 'done ahead' })
    this.#pass(found, state)
  }

  #fetchAgain(each: Case, state: PartitionState): void {
    const { events, scheduler, react } = this.#ports
    const { firstOffset: offset, fetches } = each
    const error = undecodableError(each, state)
    const retryInMs = this.#pauseMs(fetches)
    events.emit('fetch:undecodable', {
      ...state.name,
      offset,
      lastOffset: lastOffsetOf(each),
      error,
      fetches,
      retryInMs,
    })
    this.#later(state, retryInMs, () => {
      scheduler.unhold(state.queue, 'undecodable')
      react()
    })
  }

  #end(each: Bounded, state: PartitionState): void {
    const error = undecodableError(each, state)
    const end = this.#ports.judge(error, { ...state.name, offset: each.firstOffset }, each.fetches)
    if (end.type === 'dead' && this.#ports.inTransactions) return this.#passWithNote(end, error, each, state)
    if (end.type === 'dead') return void this.#write(end, error, each, state)
    if (end.type === 'skipped') {
      this.#pass(each, state)
      return this.#tellPassed(undefined, error, each, state)
    }
    this.#halt(haltedError(each, state), each, state)
  }

  /** Until it is acknowledged nothing is passed. */
  async #write(dead: Dead, error: HoldfastError, each: Bounded, state: PartitionState): Promise<void> {
    const { scheduler, produce, react } = this.#ports
    try {
      await produce([this.#noteOf(dead, error, each, state)])
      // An epoch that has ended leaves the rest to the next owner.
      if (!this.#isCurrent(state)) return
      this.#pass(each, state)
      this.#tellPassed(dead.topic, error, each, state)
    } catch (cause) {
      if (!this.#isCurrent(state)) return
      each.failures += 1
      scheduler.hold(state.queue, 'quarantine')
      const retryInMs = this.#refused(cause, each.failures, dead, each, state)
      this.#later(state, retryInMs, () => void this.#write(dead, error, each, state))
    }
    react()
  }

  #passWithNote(dead: Dead, error: HoldfastError, each: Bounded, state: PartitionState): void {
    const note = this.#noteOf(dead, error, each, state)
    const letter: PendingLetter = {
      form: () => note,
      canShrink: () => false,
      visible: () => this.#tellPassed(dead.topic, error, each, state),
      refused: (cause, failures) => this.#refused(cause, failures, dead, each, state),
    }
    state.outputs.addLetter(letter, state.progress)
    this.#pass(each, state)
    this.#ports.react()
  }

  #noteOf(dead: Dead, error: HoldfastError, each: Bounded, state: PartitionState): OutgoingRecord {
    return quarantineNote({
      source: { ...state.name, offset: each.firstOffset },
      lastOffset: lastOffsetOf(each) as number,
      deadLetterTopic: dead.topic,
      groupId: this.#options.groupId,
      handler: this.#ports.handlerOf(state.topic),
      attempts: each.fetches,
      error,
      firstFailedMs: each.firstMs,
      lastFailedMs: this.#ports.clock.wallNow(),
    })
  }

  /** Answers after which pause the note is written again. */
  #refused(cause: unknown, failures: number, { topic }: Dead, each: Bounded, state: PartitionState): number {
    const { events, handlerOf } = this.#ports
    const retryInMs = this.#pauseMs(failures)
    const error = noteFailedError(cause, topic, each, state)
    const [offset, attempt, handler] = [each.firstOffset, each.fetches, handlerOf(state.topic)]
    const event = { ...state.name, offset, attempt, handler, deadLetterTopic: topic }
    events.emit('deadletter:failed', { ...event, error, retryInMs })
    return retryInMs
  }

  /** Goes on behind it. */
  #pass(each: Pick<Bounded, 'nextOffset'>, state: PartitionState): void {
    const { scheduler, skipTo, progressed } = this.#ports
    this.#cases.delete(state)
    state.ledger.skipTo(each.nextOffset)
    skipTo({ topic: state.topic, partition: state.partition }, state.epoch, each.nextOffset)
    scheduler.unhold(state.queue, 'undecodable')
    scheduler.unhold(state.queue, 'quarantine')
    progressed()
  }

  #tellPassed(deadLetterTopic: string | undefined, error: HoldfastError, each: Bounded, state: PartitionState): void {
    const { firstOffset: offset, nextOffset } = each
    const passed = { offset, lastOffset: nextOffset - 1, deadLetterTopic, error }
    this.#ports.events.emit('record:quarantined', { ...state.name, ...passed })
  }

  /** What the partition holds already runs on: it lies before. */
  #halt(error: HoldfastError, { firstOffset: offset, fetches }: Case, state: PartitionState): void {
    if (state.haltedBy !== undefined) return
    state.haltedBy = error
    state.enter('halted')
    const handler = this.#ports.handlerOf(state.topic)
    this.#ports.events.emit('partition:halted', { ...state.name, offset, attempt: fetches, handler, error })
  }

  #pauseMs(failures: number): number {
    return backoffMs(failures, this.#options, this.#ports.random())
  }

  #later(state: PartitionState, delayMs: number, then: () => void): void {
    const timer = this.#ports.clock.setTimer(() => {
      this.#timers.delete(timer)
      if (this.#isCurrent(state)) then()
    }, delayMs)
    this.#timers.add(timer)
  }

  #isCurrent(state: PartitionState): boolean {
    return !this.#isOver && this.#ports.partitions.at(state, state.epoch) === state
  }

  #stop(): void {
    this.#isOver = true
    for (const timer of this.#timers) timer.clear()
    this.#timers.clear()
  }
}

function isBounded(each: Case): each is Bounded {
  return each.nextOffset !== undefined
}
