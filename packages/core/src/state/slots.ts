import type { AttemptContext } from '../pipeline/attempt-context.ts'
import type { PartitionState } from './partition-state.ts'

/** The right to run one lane at a time, and what it runs now. */
export interface Slot {
  /** Of the lane that it has, or had last. */
  state: PartitionState
  current: AttemptContext | undefined
}

/** What a partition has in slots. */
export interface RunningAttempts {
  readonly oldest: AttemptContext
  readonly records: number
}

const REMEMBERED = 10

/** The slots in use. */
export class Slots implements Iterable<Slot> {
  readonly #slots = new Set<Slot>()
  #long: { readonly attempt: AttemptContext; readonly endedMs: number }[] = []

  get size(): number {
    return this.#slots.size
  }

  /** A turn begins, with a lane of this partition. */
  open(state: PartitionState): Slot {
    const slot: Slot = { state, current: undefined }
    this.#slots.add(slot)
    return slot
  }

  /** The turn is over. */
  close(slot: Slot): void {
    this.#slots.delete(slot)
  }

  /** A slot works for a partition until `leave`. */
  enter(slot: Slot, state: PartitionState): void {
    slot.state = state
    state.running += 1
  }

  leave(slot: Slot): void {
    slot.current = undefined
    slot.state.running -= 1
  }

  [Symbol.iterator](): Iterator<Slot> {
    return this.#slots.values()
  }

  of(states: ReadonlySet<PartitionState>): Slot[] {
    return [...this.#slots].filter((slot) => states.has(slot.state) && slot.current !== undefined)
  }

  /** Attempts whose partitions are gone: nobody waits for them, and they may still run. */
  strays(): AttemptContext[] {
    return [...this.#slots].flatMap(({ state, current }) =>
      state.phase === 'retired' && current !== undefined ? [current] : [],
    )
  }

  /** By partition, what runs now. */
  byPartition(): ReadonlyMap<PartitionState, RunningAttempts> {
    const running = new Map<PartitionState, RunningAttempts>()
    for (const { state, current } of this.#slots) {
      if (current === undefined || current.isOver) continue
      const known = running.get(state)
      const records = current.delivery.records.length + (known?.records ?? 0)
      const isOldest = known === undefined || current.startedMs < known.oldest.startedMs
      running.set(state, { oldest: isOldest ? current : known.oldest, records })
    }
    return running
  }

  /** An attempt that took long has ended. */
  noteLong(attempt: AttemptContext, endedMs: number): void {
    this.#long = [...this.#long.slice(1 - REMEMBERED), { attempt, endedMs }]
  }

  /**
   * The attempts that ran here in the middle of this time: those that still do, and the long ones among those that have ended. What
   * blocked the loop began some moments after it was late already, and ended some before anything can notice it; on a busy
   * machine they are many.
   */
  during(fromMs: number, toMs: number): AttemptContext[] {
    const middleMs = (fromMs + toMs) / 2
    const ended = this.#long.filter(({ endedMs }) => endedMs >= middleMs).map(({ attempt }) => attempt)
    const running = [...this.#slots].flatMap(({ current }) => (current === undefined ? [] : [current]))
    return [...ended, ...running].filter(({ isElsewhere, startedMs }) => !isElsewhere && startedMs <= middleMs)
  }
}
