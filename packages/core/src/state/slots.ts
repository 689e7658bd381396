import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { PartitionState } from './partition-state.ts'

/** The right to run one lane, and what it runs now. */
export interface Slot {
  readonly state: PartitionState
  current: AttemptContext | undefined
}

/** The slots in use. */
export class Slots implements Iterable<Slot> {
  readonly #slots = new Set<Slot>()

  get size(): number {
    return this.#slots.size
  }

  open(state: PartitionState): Slot {
    const slot: Slot = { state, current: undefined }
    state.running += 1
    this.#slots.add(slot)
    return slot
  }

  close(slot: Slot): void {
    slot.current = undefined
    slot.state.running -= 1
    this.#slots.delete(slot)
  }

  [Symbol.iterator](): Iterator<Slot> {
    return this.#slots.values()
  }

  of(states: ReadonlySet<PartitionState>): Slot[] {
    return [...this.#slots].filter((slot) => states.has(slot.state) && slot.current !== undefined)
  }
}
