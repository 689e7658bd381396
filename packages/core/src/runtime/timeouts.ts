import { HoldfastError } from '../errors/holdfast-error.ts'
import { partitionName, type TopicPartition } from '../model/topic-partition.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Slot } from '../state/slots.ts'

export interface TimeoutPorts {
  readonly onHandlerTimeout: 'retry' | 'halt' | 'release'
  readonly handlerTimeoutMs: number
  halt(error: HoldfastError, attempt: AttemptContext, state: PartitionState): void
  /** Ends the epoch of the partition. */
  lose(state: PartitionState, reason: string): void
  /** Gives it back to the group. */
  release(partition: TopicPartition): void
  /** The slot is not waited for. */
  replace(slot: Slot): void
  react(): void
}

/** Carries out what follows when an attempt reaches its time-out. */
export class Timeouts {
  readonly #ports: TimeoutPorts

  constructor(ports: TimeoutPorts) {
    this.#ports = ports
  }

  apply(slot: Slot, attempt: AttemptContext): void {
    const { onHandlerTimeout, halt, lose, release, replace, react } = this.#ports
    // The signal has aborted: when the handler comes back, its error is judged like any other.
    if (onHandlerTimeout === 'retry') return
    replace(slot)
    const error = this.#error(attempt)
    if (onHandlerTimeout === 'halt') {
      halt(error, attempt, slot.state)
      // Should it fail yet, nothing follows from that: the record is to be looked at.
      attempt.abort('halted')
    } else {
      lose(slot.state, error.message)
      release(slot.state)
    }
    react()
  }

  #error({ first, firstOpen, handler, event }: AttemptContext): HoldfastError {
    const { topic, partition } = first
    const { offset } = firstOpen
    const isHalt = this.#ports.onHandlerTimeout === 'halt'
    const follows = isHalt ? `is halted at ${offset}` : `is released at ${offset}`
    return new HoldfastError(
      'HF_HANDLER_TIMEOUT',
      `${partitionName(first)} ${follows}: ${handler} has run for handlerTimeoutMs = ${this.#ports.handlerTimeoutMs}.\n  Nothing past ${offset} is committed. Fix: let the handler end when its signal aborts, or raise handlerTimeoutMs${isHalt ? '; then restart the consumer' : ''}.`,
      { details: { topic, partition, offset, attempt: event.attempt, handler } },
    )
  }
}
