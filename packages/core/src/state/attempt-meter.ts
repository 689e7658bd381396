import type { Outcome } from '../model/outcome.ts'

/** What the attempts that ended since the last `reset` came to. */
export class AttemptMeter {
  /** Attempts that succeeded, what they took together, and the sum of the roots of what each took. */
  readonly succeeded = { count: 0, ms: 0, rootMs: 0 }
  readonly failed = { count: 0, ms: 0 }

  note(outcome: Outcome, durationMs: number): void {
    if (outcome.type === 'aborted') return
    if (hasFailed(outcome)) {
      this.failed.count += 1
      this.failed.ms += durationMs
    } else {
      this.succeeded.count += 1
      this.succeeded.ms += durationMs
      this.succeeded.rootMs += Math.sqrt(durationMs)
    }
  }

  reset(): void {
    Object.assign(this.succeeded, { count: 0, ms: 0, rootMs: 0 })
    Object.assign(this.failed, { count: 0, ms: 0 })
  }
}

/** A batch of which some records failed is a failure; one that was cut short by a record that cannot be decoded is not. */
function hasFailed(outcome: Outcome): boolean {
  if (outcome.type !== 'partial') return outcome.type !== 'done'
  return [...outcome.left.values()].some(({ type }) => type !== 'untried')
}
