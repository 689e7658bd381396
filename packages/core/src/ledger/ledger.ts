import { SettledBits } from './settled-bits.ts'

/** Longer holes in the offsets start a new segment instead of taking a bit each. */
const MAX_GAP_BITS = 1_024

interface Segment {
  readonly firstOffset: number
  readonly firstSlot: number
}

/**
 * The open offsets of one assignment of a partition.
 *
 * Invariants
 * - Offsets are tracked in growing order; holes between them (compaction, control records) count as settled.
 * - `committable` is the lowest open offset, else `next`; it never moves back and never passes an open offset.
 * - Settling an offset twice, or one that was never tracked, changes nothing.
 *
 * Offsets map to the slots of a bit ring by segments: within one, offset − slot is constant. A log without long holes
 * has one segment for ever.
 */
export class Ledger {
  /** Where this assignment began to read. */
  readonly start: number
  readonly #bits = new SettledBits(0)
  #segments: Segment[]
  #next: number
  #open = 0

  constructor(start: number) {
    this.start = start
    this.#next = start
    this.#segments = [{ firstOffset: start, firstSlot: 0 }]
  }

  /** The offset after everything that was tracked or skipped. */
  get next(): number {
    return this.#next
  }

  /** How many tracked offsets are not settled. */
  get open(): number {
    return this.#open
  }

  /** How many offsets past the lowest open one need no settling any more. */
  get settledAhead(): number {
    return this.#bits.tail - this.#bits.head - this.#open
  }

  /** The lowest open offset, else one past the highest settled. */
  get committable(): number {
    return this.#bits.head === this.#bits.tail ? this.#next : this.#offsetOf(this.#bits.head)
  }

  /**
   * Opens the offsets of consecutive records. Those below `next` must have been removed by the caller.
   * `nextOffset` is the position after them.
   */
  track(records: readonly { readonly offset: number }[], nextOffset: number): void {
    const [first, last] = [records[0], records.at(-1)]
    if (first !== undefined && last !== undefined && last.offset - first.offset + 1 === records.length) {
      this.skipTo(first.offset)
      this.#append(records.length)
    } else {
      for (const { offset } of records) {
        this.skipTo(offset)
        this.#append(1)
      }
    }
    this.skipTo(nextOffset)
  }

  /** Moves `next` over offsets that hold nothing to run. */
  skipTo(nextOffset: number): void {
    const gap = nextOffset - this.#next
    if (gap <= 0) return
    if (gap <= MAX_GAP_BITS) this.#bits.appendSettled(gap)
    else this.#segments.push({ firstOffset: nextOffset, firstSlot: this.#bits.tail })
    this.#next = nextOffset
    this.#dropPassedSegments()
  }

  /** True where the offset was open until now. */
  settle(offset: number): boolean {
    const slot = this.#slotOf(offset)
    if (slot === undefined || !this.#bits.settle(slot)) return false
    this.#open -= 1
    if (this.#segments.length > 1) this.#dropPassedSegments()
    return true
  }

  #append(count: number): void {
    this.#bits.append(count)
    this.#next += count
    this.#open += count
  }

  #slotOf(offset: number): number | undefined {
    for (let index = this.#segments.length - 1; index >= 0; index -= 1) {
      const { firstOffset, firstSlot } = this.#segments[index] as Segment
      if (offset < firstOffset) continue
      const slot = firstSlot + offset - firstOffset
      const end = this.#segments[index + 1]?.firstSlot
      return end === undefined || slot < end ? slot : undefined
    }
    return undefined
  }

  #offsetOf(slot: number): number {
    const segment = this.#segments.findLast(({ firstSlot }) => firstSlot <= slot) as Segment
    return segment.firstOffset + slot - segment.firstSlot
  }

  #dropPassedSegments(): void {
    while (this.#segments.length > 1 && (this.#segments[1] as Segment).firstSlot <= this.#bits.head)
      this.#segments.shift()
  }
}
