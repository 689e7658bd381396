import type { Next, Outcome } from '../model/outcome.ts'
import { isUnhandled } from '../policy/failure.ts'
import { Skip } from '../policy/verdicts.ts'

/** What the attempts that ended since the last `reset` came to. */
export class AttemptMeter {
  /** Attempts that succeeded, what they took together, and the sum of the roots of what each took. */
  readonly succeeded = { count: 0, ms: 0, rootMs: 0 }
  readonly failed = { count: 0, ms: 0 }

  note(outcome: Outcome, durationMs: number): void {
    const parts = partsOf(outcome)
    if (parts.some(saysNothing)) return
    if (parts.some(hasFailed)) {
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

/** What did not simply succeed. */
function partsOf(outcome: Outcome): readonly Next[] {
  if (outcome.type === 'done') return []
  return outcome.type === 'partial' ? [...outcome.left.values()] : [outcome]
}

/** It says nothing of what the handler calls; a record that a batch has left for the next one says nothing against the others. */
function saysNothing(next: Next): boolean {
  return next.type !== 'untried' && isUnhandled(next)
}

/**
 * A batch of which some records failed is a failure; one that was cut short by a record that cannot be decoded is not. Nor is a
 * record of which its handler says that it needs no effect.
 */
function hasFailed(next: Next): boolean {
  return 'error' in next && !(next.error instanceof Skip)
}
