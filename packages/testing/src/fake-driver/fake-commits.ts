import type { CommitRequest } from '@holdfast/core'
import { Hold } from './hold.ts'

/** A commit as it reached the broker. */
export interface CommitSeen extends CommitRequest {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  /** Whether the broker stored it. */
  readonly stored: boolean
}

/** Commits that get no answer. */
export interface CommitFault {
  /** Requests to fail. @default 1 */
  readonly times?: number
  /** Whether the broker stores the offsets before the answer is lost. @default false */
  readonly stored?: boolean
}

export type FaultVerdict = 'answer' | 'store, no answer' | 'no answer'

/** What goes wrong with commits: answers that get lost, and answers that are held back. */
export class CommitFaults {
  #verdicts: FaultVerdict[] = []
  /** Answers that are held back. */
  readonly answers: Hold = new Hold()

  fail({ times = 1, stored = false }: CommitFault): void {
    for (let count = 0; count < times; count += 1) this.#verdicts.push(stored ? 'store, no answer' : 'no answer')
  }

  next(): FaultVerdict {
    return this.#verdicts.shift() ?? 'answer'
  }
}
