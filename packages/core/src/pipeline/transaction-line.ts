import type { Progress } from '../model/progress.ts'
import type { TopicPartition } from '../model/topic-partition.ts'
import type { Timer } from '../ports/clock.ts'
import type { TransactionRequest } from '../ports/driver.ts'
import type { PendingLetter } from './pending-letter.ts'
import type { Earlier } from './pending-outputs.ts'

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 10_000

/** What a transaction says. It is repeated as it is until it is known what became of it. */
export interface Sending {
  readonly request: TransactionRequest
  readonly progress: Progress
}

/** The dead letter that its topic did not take last. */
export interface Refused {
  readonly letter: PendingLetter
  /** Until then only what is before the letter is sent; undefined where that is over. */
  pause: Timer | undefined
}

/** How far the transactions of a partition under one epoch are. */
export interface Line {
  sending: Sending | undefined
  refused: Refused | undefined
  /** How often letters were not taken, one time after another. */
  refusals: number
  inFlight: Promise<void> | undefined
  retry: Timer | undefined
  /** Ends of waits between the transactions of a drain. */
  readonly waits: Set<() => void>
  settledSince: number
  failures: number
}

export function newLine(): Line {
  return {
    sending: undefined,
    refused: undefined,
    refusals: 0,
    inFlight: undefined,
    retry: undefined,
    waits: new Set(),
    settledSince: 0,
    failures: 0,
  }
}

/** Nothing of it waits for a time any more. */
export function clearTimers({ retry, refused, waits }: Line): void {
  retry?.clear()
  refused?.pause?.clear()
  for (const wake of waits) wake()
}

export function sendingOf(
  { topic, partition, epoch }: TopicPartition & { readonly epoch: number },
  { outputs, progress }: Earlier,
): Sending | undefined {
  const { offset, metadata, isComplete } = progress
  return isComplete ? { request: { topic, partition, epoch, offset, metadata, outputs }, progress } : undefined
}

/** The pause after so many transactions without success. */
export function retryMs(failures: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10))
}
