import type { Outcome, Untried } from '../model/outcome.ts'
import { isUntriable } from '../policy/failure.ts'
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

type Part = Exclude<Outcome, { readonly type: 'done' | 'partial' }> | Untried

/** What did not simply succeed. */
function partsOf(outcome: Outcome): readonly Part[] {
  if (outcome.type === 'done') return []
  return outcome.type === 'partial' ? [...outcome.left.values()] : [outcome]
}

/** The handler was not called, its turn had not come, or it was told to end: that says nothing of what it calls. */
function saysNothing(part: Part): boolean {
  if (part.type === 'aborted') return true
  if (part.type === 'untried') return false
  return isUntriable(part.error) || (part.type === 'retry' && part.isUncounted === true)
}

/**
 * A batch of which some records failed is a failure; one that was cut short by a record that cannot be decoded is not. Nor is a
 * record of which its handler says that it needs no effect.
 */
function hasFailed(part: Part): boolean {
  return 'error' in part && !(part.error instanceof Skip)
}
