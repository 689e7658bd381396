import { ConsecutiveBreaker, CountBreaker, type IBreaker, CircuitState as LibraryState } from 'cockatiel'
import type { CircuitBreaker } from './circuit-breaker.ts'

/**
 * - `closed`: records run; failures are counted. - `open`: nothing runs until `untilMs`.
 * - `half-open`: one record at a time runs. One that succeeds closes the circuit, one that fails by the dependency opens it
 *   again for twice as long; anything else says nothing of the dependency, and leaves it as it is.
 */
export type CircuitState = 'closed' | 'open' | 'half-open'

/**
 * Whether a dependency is down, as told by what attempts come to. cockatiel's breakers judge the failures; the states are
 * kept here, where time is a parameter.
 */
export class Circuit {
  readonly #breaker: CircuitBreaker
  readonly #judges: readonly IBreaker[]
  #state: CircuitState = 'closed'
  #untilMs = 0
  #downSinceMs = 0
  /** How often it has opened since it was closed. */
  #openings = 0

  constructor(breaker: CircuitBreaker) {
    this.#breaker = breaker
    this.#judges = judgesOf(breaker)
  }

  get state(): CircuitState {
    return this.#state
  }

  /** When one record is tried, where it is open. */
  get untilMs(): number {
    return this.#untilMs
  }

  /** When it opened first, where it is not closed. */
  get downSinceMs(): number {
    return this.#downSinceMs
  }

  /** An attempt that was not a probe has succeeded. Of one that began before the circuit opened nothing follows. */
  succeeded(): void {
    for (const judge of this.#judges) judge.success(LibraryState.Closed)
  }

  /** An attempt that was not a probe has failed by the dependency. Answers whether that opened the circuit. */
  failed(nowMs: number): boolean {
    if (this.#state !== 'closed') return false
    const verdicts = this.#judges.map((judge) => judge.failure(LibraryState.Closed))
    if (!verdicts.includes(true)) return false
    this.#downSinceMs = nowMs
    this.#open(nowMs)
    return true
  }

  /** Answers whether it is time to try a record. */
  ripen(nowMs: number): boolean {
    if (this.#state !== 'open' || nowMs < this.#untilMs) return false
    this.#state = 'half-open'
    return true
  }

  probeSucceeded(): void {
    this.#state = 'closed'
    this.#openings = 0
    for (const judge of this.#judges) judge.success(LibraryState.HalfOpen)
  }

  probeFailed(nowMs: number): void {
    this.#open(nowMs)
  }

  #open(nowMs: number): void {
    const { halfOpenAfterMs, halfOpenMaxMs } = this.#breaker
    this.#untilMs = nowMs + Math.min(halfOpenMaxMs, halfOpenAfterMs * 2 ** this.#openings)
    this.#openings += 1
    this.#state = 'open'
  }
}

function judgesOf({ consecutiveFailures, failureRatio }: CircuitBreaker): IBreaker[] {
  const judges: IBreaker[] = []
  if (consecutiveFailures !== undefined) judges.push(new ConsecutiveBreaker(consecutiveFailures))
  if (failureRatio !== undefined) {
    judges.push(new CountBreaker({ threshold: failureRatio.above, size: failureRatio.attempts }))
  }
  return judges
}
