import type { RecordSource } from '../model/record-source.ts'
import { type DoneAhead, NOTHING_AHEAD } from './done-ahead.ts'
import { Remembered } from './remembered.ts'
import { SettledBits } from './settled-bits.ts'

/** A longer hole in the offsets takes one bit, for its last offset, and starts a new segment there. */
const MAX_GAP_BITS = 1_024

interface Segment {
  readonly firstOffset: number
  readonly firstSlot: number
}

/**
 * The open offsets of one assignment of a partition.
 *
 * Invariants
 * - Offsets are tracked in growing order; holes between them (compaction, control records) count as settled, and so do
 *   offsets that an earlier owner had done.
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
  readonly #segments: Segment[]
  readonly #remembered: Remembered
  #next: number
  /** One past the highest offset that needs no settling. */
  #settledEnd: number
  #open = 0
  #settled = 0

  constructor(start: number, doneAhead: DoneAhead = NOTHING_AHEAD) {
    this.start = start
    this.#next = start
    this.#settledEnd = start
    this.#segments = [{ firstOffset: start, firstSlot: 0 }]
    this.#remembered = new Remembered(doneAhead)
  }

  /** The offset after everything that was tracked or skipped. */
  get next(): number {
    return this.#next
  }

  /** How many tracked offsets are not settled. */
  get open(): number {
    return this.#open
  }

  /** How many offsets were settled under this assignment; grows with every one. */
  get settled(): number {
    return this.#settled
  }

  /** How many offsets past the lowest open one need no settling any more. */
  get settledAhead(): number {
    return this.#bits.tail - this.#bits.head - this.#open
  }

  /** How many ranges `doneAhead` has, at most. */
  get aheadRanges(): number {
    return this.#bits.runs + this.#remembered.ranges
  }

  /** How far past `committable` the last range ends. */
  get aheadSpan(): number {
    return Math.max(this.#settledEnd, this.#remembered.end) - this.committable
  }

  /** The lowest open offset, else one past the highest settled. */
  get committable(): number {
    return this.#bits.head === this.#bits.tail ? this.#next : this.#offsetOf(this.#bits.head)
  }

  /** What is settled past `committable`, the first `maxRanges` ranges of it. */
  doneAhead(maxRanges: number): DoneAhead {
    const bits = this.#bits
    const bounds: number[] = []
    let slot = bits.nextSettled(bits.head)
    while (slot < bits.tail && bounds.length < 2 * maxRanges) {
      const open = bits.nextOpen(slot)
      bounds.push(this.#offsetOf(slot - 1) + 1, open === bits.tail ? this.#next : this.#offsetOf(open))
      slot = bits.nextSettled(open)
    }
    return this.#remembered.ranges === 0 ? bounds : joined(bounds, this.#remembered.rest).slice(0, 2 * maxRanges)
  }

  /**
   * Opens the offsets of consecutive records, and answers those that are to run: the others were done by an earlier
   * owner. Offsets below `next` must have been removed by the caller. `nextOffset` is the position after them.
   */
  track(records: RecordSource, nextOffset: number): RecordSource {
    const open = this.#remembered.without(records)
    const { length } = open
    if (length > 0 && open.offsetAt(length - 1) - open.offsetAt(0) + 1 === length) {
      this.skipTo(open.offsetAt(0))
      this.#append(length)
    } else {
      for (let index = 0; index < length; index += 1) {
        this.skipTo(open.offsetAt(index))
        this.#append(1)
      }
    }
    this.skipTo(nextOffset)
    return open
  }

  /** Whether an earlier owner was through with all offsets from `from` to before `to`. */
  remembers(from: number, to: number): boolean {
    return this.#remembered.covers(from, to)
  }

  /** Moves `next` over offsets that hold nothing to run. */
  skipTo(nextOffset: number): void {
    const gap = nextOffset - this.#next
    if (gap <= 0) return
    if (gap > MAX_GAP_BITS) this.#segments.push({ firstOffset: nextOffset - 1, firstSlot: this.#bits.tail })
    this.#bits.appendSettled(gap > MAX_GAP_BITS ? 1 : gap)
    this.#next = nextOffset
    this.#settledEnd = nextOffset
    this.#remembered.passTo(nextOffset)
    this.#dropPassedSegments()
  }

  /** True where the offset was open until now. */
  settle(offset: number): boolean {
    const slot = this.#slotOf(offset)
    if (slot === undefined || !this.#bits.settle(slot)) return false
    this.#open -= 1
    this.#settled += 1
    if (offset >= this.#settledEnd) this.#settledEnd = offset + 1
    if (this.#segments.length > 1) this.#dropPassedSegments()
    return true
  }

  #append(count: number): void {
    this.#bits.append(count)
    this.#next += count
    this.#open += count
  }

  #slotOf(offset: number): number | undefined {
    const index = this.#segmentAt(({ firstOffset }) => firstOffset <= offset)
    const segment = this.#segments[index]
    if (segment === undefined) return undefined
    const slot = segment.firstSlot + offset - segment.firstOffset
    const end = this.#segments[index + 1]?.firstSlot
    return end === undefined || slot < end ? slot : undefined
  }

  #offsetOf(slot: number): number {
    const segment = this.#segments[this.#segmentAt(({ firstSlot }) => firstSlot <= slot)] as Segment
    return segment.firstOffset + slot - segment.firstSlot
  }

  /** The last segment that begins early enough, or −1. */
  #segmentAt(isReached: (segment: Segment) => boolean): number {
    const segments = this.#segments
    let [low, high] = [-1, segments.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (isReached(segments[middle] as Segment)) low = middle
      else high = middle - 1
    }
    return low
  }

  #dropPassedSegments(): void {
    while (this.#segments.length > 1 && (this.#segments[1] as Segment).firstSlot <= this.#bits.head)
      this.#segments.shift()
  }
}

/** Two lists of ranges, the second past the first, as one; ranges that meet become one. */
function joined(bounds: DoneAhead, later: DoneAhead): DoneAhead {
  return bounds.at(-1) === later[0] ? [...bounds.slice(0, -1), ...later.slice(1)] : [...bounds, ...later]
}
