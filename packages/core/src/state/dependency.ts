import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { HandlerDefinition } from '../pipeline/handler.ts'
import { Circuit, type CircuitState } from '../policy/circuit.ts'
import type { CircuitBreaker } from '../policy/circuit-breaker.ts'
import type { Delivery, Lane } from '../schedule/lane.ts'
import type { PartitionQueue } from '../schedule/partition-queue.ts'

/** A dependency of handlers, as this consumer finds it. */
export interface CircuitStatus {
  readonly circuit: string
  /** The handlers that use it, and their topics. */
  readonly handlers: readonly string[]
  readonly topics: readonly string[]
  readonly state: CircuitState
  /** For how long it has not been closed, in milliseconds; undefined where it is. */
  readonly downMs: number | undefined
  /** When one record is tried, where it is open. */
  readonly until: Date | undefined
  /** What failed last, where it is not closed. */
  readonly cause: string | undefined
  /** The partitions that wait for it. */
  readonly waiting: number
}

/** What handlers depend on, and the record by which it is tried out. */
export class Dependency {
  readonly breaker: CircuitBreaker
  readonly circuit: Circuit
  readonly #users: HandlerDefinition[] = []
  /** What failed last. */
  cause: unknown
  /** The partition that the last probe was of. */
  #probed: PartitionQueue | undefined
  #probe: Lane | undefined
  /** That of the probe, once it has begun. */
  #attempt: AttemptContext | undefined
  #counted: AttemptContext | undefined
  readonly #called = new WeakSet<Delivery>()

  constructor(breaker: CircuitBreaker) {
    this.breaker = breaker
    this.circuit = new Circuit(breaker)
  }

  get state(): CircuitState {
    return this.circuit.state
  }

  addUser(definition: HandlerDefinition): void {
    this.#users.push(definition)
  }

  /** What names it in events. */
  get event(): { readonly circuit: string; readonly handlers: readonly string[]; readonly topics: readonly string[] } {
    return {
      circuit: this.breaker.name,
      handlers: this.#users.map(({ name }) => name),
      topics: this.#users.flatMap(({ topics }) => topics.map(String)),
    }
  }

  /** Counts a failure of an attempt; of a batch, whose records fail one after another, the first. Answers whether it opens. */
  failed(context: AttemptContext, nowMs: number): boolean {
    if (context.isPartlyDone || this.#counted === context) return false
    this.#counted = context
    return this.circuit.failed(nowMs)
  }

  /** The handler is called for an attempt. */
  noteCall(delivery: Delivery): void {
    this.#called.add(delivery)
  }

  /** A middleware can answer in the place of the handler, as for a repeat; that says nothing of the dependency. */
  wasCalled({ delivery }: AttemptContext): boolean {
    return this.#called.has(delivery)
  }

  /** An attempt begins. */
  noteAttempt(context: AttemptContext): void {
    if (this.isProbe(context)) this.#attempt = context
  }

  /**
   * Whether a record is out to try it. One whose lane was suspended or stopped meanwhile is not, nor one that has been told
   * to end: it may never come back.
   */
  get isProbing(): boolean {
    if (this.#attempt?.isAborted === true) return false
    const state = this.#probe?.state
    return state === 'ready' || state === 'running'
  }

  isProbe({ delivery }: AttemptContext): boolean {
    return this.#probe !== undefined && delivery.lanes[0] === this.#probe
  }

  sendProbe(lane: Lane): void {
    this.#probe = lane
    this.#attempt = undefined
    this.#probed = lane.queue
  }

  /** The probe has ended. */
  clearProbe(): void {
    this.#probe = undefined
    this.#attempt = undefined
  }

  /** Partitions in the order of their turns: a record that fails by itself must not keep the circuit open for others. */
  inTurn(queues: readonly PartitionQueue[]): readonly PartitionQueue[] {
    const next = this.#probed === undefined ? 0 : queues.indexOf(this.#probed) + 1
    return [...queues.slice(next), ...queues.slice(0, next)]
  }
}
