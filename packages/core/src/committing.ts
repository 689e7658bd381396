import type { ConsumerConfig } from './config/options.ts'
import { HoldfastError } from './errors/holdfast-error.ts'
import type { Clock } from './ports/clock.ts'
import type { Driver } from './ports/driver.ts'
import type { Events } from './ports/events.ts'
import { Committer } from './runtime/committer.ts'
import { Transactor } from './runtime/transactor.ts'
import type { Scheduler } from './schedule/scheduler.ts'
import type { PartitionState } from './state/partition-state.ts'
import type { Partitions } from './state/partitions.ts'

export interface CommittingPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  driver(): Driver
  /** The epochs of these are over. */
  lose(states: readonly PartitionState[], reason: string): void
  fail(error: unknown): void
  react(): void
}

/** Constructs what commits: offsets alone, or offsets and outputs in transactions. */
export function createCommitting(
  { commitInterval, transactions }: ConsumerConfig,
  ports: CommittingPorts,
): Committer | Transactor {
  const refused = 'the broker refused a commit of their generation'
  if (transactions === undefined) {
    return new Committer({ ...ports, interval: commitInterval, fenced: (states) => ports.lose(states, refused) })
  }
  return new Transactor({
    ...ports,
    interval: commitInterval,
    maxOutputBytes: transactions.maxOutputBytes,
    fenced: (state, error) => {
      ports.lose([state], refused)
      if (isFinal(error)) ports.fail(error)
    },
  })
}

function isFinal(error: Error): boolean {
  const code = error instanceof HoldfastError ? error.code : undefined
  return code === 'HF_TRANSACTIONAL_ID_TAKEN' || code === 'HF_TRANSACTION_REFUSED'
}
