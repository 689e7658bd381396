import type { CommitRequest } from '@holdfast/core'

/** A commit as it reached the broker. */
export interface CommitSeen extends CommitRequest {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  /** Whether the broker stored it. */
  readonly stored: boolean
}

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
  #held: PromiseWithResolvers<void> | undefined

  fail({ times = 1, stored = false }: CommitFault): void {
    for (let count = 0; count < times; count += 1) this.#verdicts.push(stored ? 'store, no answer' : 'no answer')
  }

  next(): FaultVerdict {
    return this.#verdicts.shift() ?? 'answer'
  }

  /** Requests that arrive from now on wait until the answer of this call is called. */
  hold(): () => void {
    const held = Promise.withResolvers<void>()
    this.#held = held
    return () => {
      if (this.#held === held) this.#held = undefined
      held.resolve()
    }
  }

  /** Undefined where nothing is held. */
  get held(): Promise<void> | undefined {
    return this.#held?.promise
  }
}
