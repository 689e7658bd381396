import { describeError } from '../errors/holdfast-error.ts'
import type { Held, Outcome } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { Handle, RunAttempt } from '../pipeline/attempt.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import type { Guard } from '../pipeline/handlers.ts'
import { after } from '../pipeline/maybe-async.ts'
import type { CircuitBreaker } from '../policy/circuit-breaker.ts'
import { filterFailed } from '../policy/error-filter.ts'
import type { Clock } from '../ports/clock.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import { type CircuitStatus, Dependency } from '../state/dependency.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

/** Different records to try, of which one may succeed though others fail by themselves. */
const ENOUGH_LANES = 10
/** Fewer than this, and others are fetched: those there were have come to their end. */
const TOO_FEW_LANES = ENOUGH_LANES / 2

export interface CircuitPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  readonly handlers: readonly HandlerDefinition[]
  /** Of any topic that is subscribed. */
  handlerOf(topic: string): HandlerDefinition
  circuitOf(definition: HandlerDefinition): CircuitBreaker | undefined
  /** What is decided next may differ; not in the call. */
  react(): void
}

/**
 * Keeps records from handlers whose dependency is down. While a circuit is not closed, the partitions of its handlers are
 * held and their lanes suspended, whoever owns them now; so a partition that comes or goes meanwhile needs no notice. Once
 * half-open, one lane is let through for one record.
 */
export class Circuits implements Guard {
  readonly #ports: CircuitPorts
  readonly #byBreaker = new Map<CircuitBreaker, Dependency>()
  readonly #byHandler = new Map<HandlerDefinition, Dependency>()
  readonly #byTopic = new Map<string, Dependency | undefined>()

  constructor(ports: CircuitPorts) {
    this.#ports = ports
    for (const definition of ports.handlers) {
      const breaker = ports.circuitOf(definition)
      if (breaker === undefined) continue
      const dependency = this.#byBreaker.get(breaker) ?? new Dependency(breaker)
      dependency.addUser(definition)
      this.#byBreaker.set(breaker, dependency)
      this.#byHandler.set(definition, dependency)
    }
  }

  get statuses(): CircuitStatus[] {
    return [...this.#byBreaker.values()].map((dependency) => this.#statusOf(dependency))
  }

  aroundCall(definition: HandlerDefinition, handle: Handle): Handle {
    const dependency = this.#byHandler.get(definition)
    if (dependency === undefined) return handle
    return (input, context) => {
      dependency.noteCall(context.delivery)
      return handle(input, context)
    }
  }

  /** Has the attempts of a handler tell its circuit what they came to. */
  aroundAttempt(definition: HandlerDefinition, run: RunAttempt): RunAttempt {
    const dependency = this.#byHandler.get(definition)
    if (dependency === undefined) return run
    const ended = (context: AttemptContext, outcome: Outcome): Outcome => {
      this.#ended(dependency, context, outcome)
      return outcome
    }
    return (context) => {
      dependency.noteAttempt(context)
      return after(run(context), (outcome) => ended(context, outcome as Outcome))
    }
  }

  /** What follows an error that is the dependency's, where that is not for the failure policy to say. */
  judge(
    error: unknown,
    context: AttemptContext,
    definition: HandlerDefinition,
    record: ConsumerRecord,
  ): Held | undefined {
    const dependency = this.#byHandler.get(definition)
    // What a middleware throws before the handler is called is none of the dependency's.
    if (dependency?.wasCalled(context) !== true) return undefined
    const isFailure = dependency.breaker.isFailure(error, (cause) => this.#filterFailed(cause, definition, record))
    if (!isFailure) return undefined
    const nowMs = this.#ports.clock.now()
    const { circuit } = dependency
    if (dependency.failed(context, nowMs)) {
      this.#opened(dependency, error, nowMs)
    } else if (circuit.state === 'half-open' && dependency.isProbe(context)) {
      circuit.probeFailed(nowMs)
      this.#opened(dependency, error, nowMs)
    }
    return circuit.state === 'closed' ? undefined : { type: 'held', circuit: dependency.breaker.name, error }
  }

  /** Holds what has to wait, and lets a record through where one is due. To be called before each decision. */
  review(): void {
    for (const dependency of this.#byBreaker.values()) {
      if (dependency.state === 'closed') continue
      const { clock, events } = this.#ports
      if (dependency.circuit.ripen(clock.now())) events.emit('circuit:half-open', dependency.event)
      const states = this.#statesOf(dependency)
      this.#hold(states)
      if (dependency.state === 'half-open' && !dependency.isProbing) this.#probe(dependency, states)
    }
  }

  #filterFailed(cause: unknown, { name: handler }: HandlerDefinition, record: ConsumerRecord): void {
    const { topic, partition, offset } = record
    const error = filterFailed('circuit', handler, record, cause)
    this.#ports.events.emit('filter:failed', { topic, partition, offset, handler, option: 'circuit', error })
  }

  #ended(dependency: Dependency, context: AttemptContext, outcome: Outcome): void {
    const isDone = dependency.wasCalled(context) && hasDone(outcome, context)
    if (!dependency.isProbe(context)) {
      if (isDone) dependency.circuit.succeeded()
      return
    }
    dependency.clearProbe()
    if (isDone && dependency.state === 'half-open') this.#close(dependency)
    this.#ports.react()
  }

  #opened(dependency: Dependency, cause: unknown, nowMs: number): void {
    const { events, react } = this.#ports
    const { circuit } = dependency
    dependency.cause = cause
    this.review()
    events.emit('circuit:opened', {
      ...dependency.event,
      cause,
      until: this.#untilOf(dependency),
      waitMs: circuit.untilMs - nowMs,
      downMs: nowMs - circuit.downSinceMs,
    })
    react()
  }

  #close(dependency: Dependency): void {
    const { scheduler, events, clock } = this.#ports
    const nowMs = clock.now()
    dependency.circuit.probeSucceeded()
    for (const state of this.#statesOf(dependency)) {
      state.restartAges(nowMs)
      scheduler.unhold(state.queue, 'circuit')
      scheduler.resume(state.queue, 'circuit')
    }
    events.emit('circuit:closed', { ...dependency.event, downMs: nowMs - dependency.circuit.downSinceMs })
  }

  /**
   * Suspends lanes at once, and stops fetching as soon as there are records enough to try: with the same few, ones that fail
   * by themselves would keep the circuit open. Where most of them were given up, it is fetched again.
   */
  #hold(states: readonly PartitionState[]): void {
    const { scheduler } = this.#ports
    const lanes = states.reduce((sum, { queue }) => sum + queue.lanes, 0)
    for (const { queue } of states) {
      if (!queue.isSuspendedBy('circuit')) scheduler.suspend(queue, 'circuit')
      const isHeld = queue.holds.has('circuit')
      const isEnough = lanes >= (isHeld ? TOO_FEW_LANES : ENOUGH_LANES) || scheduler.limitsReached(queue).length > 0
      if (isEnough && !isHeld) scheduler.hold(queue, 'circuit')
      else if (isHeld && !isEnough) scheduler.unhold(queue, 'circuit')
    }
  }

  #probe(dependency: Dependency, states: readonly PartitionState[]): void {
    for (const queue of dependency.inTurn(states.map((state) => state.queue))) {
      const lane = this.#ports.scheduler.probe(queue, 'circuit')
      if (lane !== undefined) return dependency.sendProbe(lane)
    }
  }

  #statesOf(dependency: Dependency): PartitionState[] {
    return [...this.#ports.partitions].filter(({ topic }) => this.#ofTopic(topic) === dependency)
  }

  #ofTopic(topic: string): Dependency | undefined {
    if (!this.#byTopic.has(topic)) {
      this.#byTopic.set(topic, this.#byHandler.get(this.#ports.handlerOf(topic)))
    }
    return this.#byTopic.get(topic)
  }

  #untilOf({ circuit }: Dependency): Date {
    const { clock } = this.#ports
    return new Date(clock.wallNow() + circuit.untilMs - clock.now())
  }

  #statusOf(dependency: Dependency): CircuitStatus {
    const { state, circuit, cause, event } = dependency
    const isClosed = state === 'closed'
    return {
      ...event,
      state,
      downMs: isClosed ? undefined : this.#ports.clock.now() - circuit.downSinceMs,
      until: state === 'open' ? this.#untilOf(dependency) : undefined,
      cause: isClosed ? undefined : describeError(cause),
      waiting: isClosed ? 0 : this.#statesOf(dependency).filter(({ queue }) => queue.heldRecords > 0).length,
    }
  }
}

/** Whether all of its records are done, or some of them. */
function hasDone(outcome: Outcome, { delivery }: AttemptContext): boolean {
  return outcome.type === 'done' || (outcome.type === 'partial' && outcome.left.size < delivery.records.length)
}
