import { EventEmitter } from 'node:events'
import type { HoldfastError } from '../errors/holdfast-error.ts'
import type { LifecycleState } from '../model/lifecycle.ts'
import type { PauseCause } from '../model/pause-cause.ts'
import type { TopicPartition } from '../model/topic-partition.ts'
import type { ConcurrencyReason } from '../policy/concurrency-controller.ts'
import type { DeadlineRung, PollRung } from '../policy/deadline.ts'
import type { FilterOption } from '../policy/error-filter.ts'
import type { HealthReason, HealthStatus } from '../policy/health.ts'
import type { CommitRequest } from './driver.ts'

/** Of a partition under the epoch of its assignment. */
export interface PartitionEvent extends TopicPartition {
  readonly epoch: number
}

/** Of an attempt; of a batch the offset is that of its first record, where nothing else is said. */
export interface AttemptEvent extends PartitionEvent {
  readonly offset: number
  readonly attempt: number
  readonly handler: string
}

/** The record that the commits of a partition wait for. */
export interface HeadOfLine {
  readonly offset: number
  /** Since it was admitted. */
  readonly ageMs: number
  readonly handler: string
  /** The attempt that runs; undefined while it waits for one. */
  readonly attempt: number | undefined
  /** Records that are done past it, of the `limit` that may be: `maxUncommittedRecords`. */
  readonly settledAhead: number
  readonly limit: number
}

/** A circuit breaker by its name, with the handlers that use it. */
export interface CircuitEvent {
  readonly circuit: string
  readonly handlers: readonly string[]
  readonly topics: readonly string[]
}

/** Why handlers are waited for. */
export type DrainCause = 'rebalance' | 'shutdown'

/** What a consumer tells. Names are `entity:action`; times are milliseconds. */
export interface ConsumerEvents {
  'consumer:state': { readonly from: LifecycleState; readonly to: LifecycleState; readonly error?: unknown }
  'group:joined': {
    readonly memberId: string
    readonly generationId: number
    /** The epoch of what was added. */
    readonly epoch: number
    /** All that is owned now. */
    readonly partitions: readonly TopicPartition[]
    /** Those of them that begin anew; the others went on where they were. */
    readonly added: readonly TopicPartition[]
  }
  /** Partitions were given up: what ran has ended or was told to, and what was done is committed. */
  'group:revoked': { readonly partitions: readonly TopicPartition[] }
  /** Partitions are gone without notice; nothing of them is committed any more. */
  'group:lost': { readonly reason: string; readonly partitions: readonly TopicPartition[] }
  /** Fetching of the partition stops while any cause holds. */
  'partition:paused': PartitionEvent & { readonly causes: readonly PauseCause[] }
  'partition:resumed': PartitionEvent
  'partition:halted': AttemptEvent & { readonly error: HoldfastError }
  /** The position was outside the log. `jumped` offsets between `from` and `to` were never read: retention removed them. */
  'partition:reset': PartitionEvent & { readonly from: number; readonly to: number; readonly jumped: number }
  /** The text that was committed with the offset is not to be trusted; what was done past the offset runs again. */
  'metadata:ignored': PartitionEvent & { readonly offset: number; readonly reason: string }
  /**
   * Records are not handed over again: an earlier owner had done them, past the offset that it could commit. Of a range that it had
   * quarantined `count` is offsets: how many records these were cannot be read.
   */
  'record:skipped': PartitionEvent & { readonly count: number; readonly reason: 'done ahead' }
  'batch:received': PartitionEvent & { readonly count: number; readonly nextOffset: number }
  'batch:dropped': PartitionEvent & {
    readonly count: number
    readonly reason: 'stale epoch' | 'not active' | 'redelivered'
  }
  /**
   * Offsets from `offset` on cannot be decoded, and may be damaged. They are fetched again after a pause, `quarantineAfter`
   * times at the most.
   */
  'fetch:undecodable': PartitionEvent & {
    readonly offset: number
    /** Undefined where that cannot be read either. */
    readonly lastOffset: number | undefined
    readonly error: HoldfastError
    /** How often they have been fetched. */
    readonly fetches: number
    readonly retryInMs: number
  }
  /**
   * Offsets that cannot be decoded are passed: their dead-letter topic has a note of them, or where it is undefined the
   * failure policy says `skip`.
   */
  'record:quarantined': PartitionEvent & {
    readonly offset: number
    readonly lastOffset: number
    readonly deadLetterTopic: string | undefined
    readonly error: HoldfastError
  }
  /** `records`: how many failed; the offset is the first of them. */
  'attempt:failed': AttemptEvent & {
    readonly error: unknown
    readonly records: number
    /** Undefined where they are not tried again. */
    readonly retryInMs: number | undefined
  }
  /** The record failed, or an earlier one of its key did, and is in a retry topic: it is settled here, and handled there. */
  'record:moved': AttemptEvent & {
    readonly retryTopic: string
    readonly delayMs: number
    readonly reason: 'failed' | 'behind its key'
    /** Undefined where it did not fail. */
    readonly error: unknown
  }
  /** Which keys have records in retry topics could not be looked up; it is tried again. */
  'keyorder:failed': PartitionEvent & { readonly error: HoldfastError; readonly retryInMs: number }
  /** A retry topic did not take a record: its partition waits, and it is tried again. */
  'retrytopic:failed': AttemptEvent & {
    readonly retryTopic: string
    readonly error: HoldfastError
    /** Undefined where the record is too large: what follows retry topics comes at once. */
    readonly retryInMs: number | undefined
  }
  /** The dependency of the handler is down: its records wait until the circuit closes, and no attempt is counted. */
  'attempt:held': AttemptEvent & { readonly circuit: string; readonly error: unknown; readonly records: number }
  /** The record failed for good, and its dead-letter topic has it: it is settled. With transactions both are committed. */
  'record:dead': AttemptEvent & { readonly deadLetterTopic: string; readonly error: unknown }
  /** The record was settled without effect, as its handler or its failure policy said. */
  'record:discarded': AttemptEvent & { readonly reason: string; readonly error: unknown }
  /** The dead-letter topic did not take a record: its partition waits, and it is tried again. */
  'deadletter:failed': AttemptEvent & {
    readonly deadLetterTopic: string
    readonly error: HoldfastError
    readonly retryInMs: number
  }
  /**
   * A function given to `when` threw, or answered a promise, for the error of a record. In `onFailure` it counts as not fitting,
   * and no `skip` follows; in a circuit breaker the error is not the dependency's.
   */
  'filter:failed': TopicPartition & {
    readonly offset: number
    readonly handler: string
    readonly option: FilterOption
    /** Its cause is what the function threw. */
    readonly error: HoldfastError
  }
  /** A dependency fails: nothing is started that needs it, and its partitions are paused. `cause`: what failed last. */
  'circuit:opened': CircuitEvent & {
    readonly cause: unknown
    /** When one record is tried. */
    readonly until: Date
    readonly waitMs: number
    /** For how long the dependency has been down: 0 when the circuit was closed until now. */
    readonly downMs: number
  }
  /** One record at a time is tried, until one succeeds or fails by the dependency. */
  'circuit:half-open': CircuitEvent
  /** The dependency is back, after so long: all goes on. */
  'circuit:closed': CircuitEvent & { readonly downMs: number }
  /** An attempt has climbed a rung of the ladder of deadlines. */
  'attempt:late': AttemptEvent & {
    readonly rung: DeadlineRung
    readonly ageMs: number
    readonly handlerTimeoutMs: number
    readonly maxPollIntervalMs: number
    /** What is left of `handlerTimeoutMs`, from 1 to 0. */
    readonly remaining: number
  }
  /** The records of a partition that were admitted together near the end of `maxPollIntervalMs`, or will as it seems. */
  'poll:late': PartitionEvent & {
    /** The lowest offset that is open. */
    readonly offset: number
    readonly rung: PollRung
    readonly ageMs: number
    /** The age at which all of them are expected to be done. */
    readonly foreseenMs: number
    readonly maxPollIntervalMs: number
    /** What is left of `maxPollIntervalMs`, from 1 to 0. */
    readonly remaining: number
    /** Records that are admitted and not settled. */
    readonly admitted: number
  }
  /** The handler is too slow for the `maxPollRecords` that was given; `fitting` would end in time. */
  'poll:oversized': {
    readonly topic: string
    readonly maxPollRecords: number
    readonly p95Ms: number
    readonly expectedMs: number
    readonly maxPollIntervalMs: number
    readonly fitting: number
  }
  /** One open record holds back nearly all that a partition may have done past it. */
  'partition:blocked': PartitionEvent & HeadOfLine
  /** The event loop did not turn for longer than a heartbeat interval while these attempts ran. */
  'loop:blocked': { readonly durationMs: number; readonly attempts: readonly AttemptEvent[] }
  /** A handler came back after its epoch had ended; its result does not count. */
  'attempt:stale': AttemptEvent
  'record:settled': AttemptEvent
  'commit:ok': { readonly offsets: readonly CommitRequest[] }
  'commit:fenced': { readonly offsets: readonly CommitRequest[]; readonly error: HoldfastError }
  'commit:unknown': { readonly offsets: readonly CommitRequest[]; readonly error: HoldfastError }
  /** The budget of a drain has ended before these attempts: their signals abort, and their records run again. */
  'drain:overrun': {
    readonly cause: DrainCause
    readonly attempts: readonly (AttemptEvent & { readonly ageMs: number })[]
  }
  'drain:ended': {
    readonly cause: DrainCause
    readonly partitions: readonly TopicPartition[]
    readonly durationMs: number
    readonly abandoned: readonly AttemptEvent[]
  }
  /** The number of slots changed: by `setConcurrency`, or by itself with `concurrency: 'auto'`. */
  'concurrency:changed': { readonly from: number; readonly to: number; readonly reason: ConcurrencyReason | 'set' }
  /** Found within half a second. The reasons are those of now; they may change without an event while the status stays. */
  'health:changed': {
    readonly from: HealthStatus
    readonly to: HealthStatus
    readonly reasons: readonly HealthReason[]
  }
  'driver:crashed': { readonly error: HoldfastError; readonly willRestart: boolean }
}

/** The name of an event, as `record:dead`. */
export type EventName = keyof ConsumerEvents
/** Hears an event; what it throws, or rejects with, is logged. */
export type EventListener<Name extends EventName> = (event: ConsumerEvents[Name]) => void

/** Typed events whose listeners cannot break the consumer: what one throws goes to `onListenerError`. */
export class Events {
  readonly #emitter = new EventEmitter().setMaxListeners(0)
  readonly #heard = new Set<EventName>()
  readonly #onListenerError: (name: EventName, error: unknown) => void

  constructor(onListenerError: (name: EventName, error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  on<Name extends EventName>(name: Name, listener: EventListener<Name>): () => void {
    this.#emitter.on(name, listener)
    this.#heard.add(name)
    let isOn = true
    return () => {
      if (!isOn) return
      isOn = false
      this.#emitter.off(name, listener)
      if (this.#emitter.listenerCount(name) === 0) this.#heard.delete(name)
    }
  }

  /** Lets hot paths spare the event object. */
  hasListeners(name: EventName): boolean {
    return this.#heard.has(name)
  }

  emit<Name extends EventName>(name: Name, event: ConsumerEvents[Name]): void {
    for (const listener of this.#emitter.listeners(name)) {
      try {
        const result: unknown = listener(event)
        if (result instanceof Promise) result.catch((error: unknown) => this.#onListenerError(name, error))
      } catch (error) {
        this.#onListenerError(name, error)
      }
    }
  }
}
