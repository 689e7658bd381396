import { pick, type RecordSource } from '../model/record-source.ts'
import type { DoneAhead } from './done-ahead.ts'

/** What an earlier owner had done and this one has not passed yet; it is passed once, from below. */
export class Remembered {
  readonly #bounds: DoneAhead
  #first = 0
  #from = 0

  constructor(bounds: DoneAhead) {
    this.#bounds = bounds
  }

  /** How many ranges are left. */
  get ranges(): number {
    return (this.#bounds.length - this.#first) / 2
  }

  /** Where the last range ends; 0 where none is left. */
  get end(): number {
    return this.ranges === 0 ? 0 : (this.#bounds.at(-1) as number)
  }

  /** The ranges that are left, the first of them from where it has not been passed. */
  get rest(): DoneAhead {
    if (this.ranges === 0) return []
    const [from, ...bounds] = this.#bounds.slice(this.#first) as [number, ...number[]]
    return [Math.max(from, this.#from), ...bounds]
  }

  /** Forgets what lies below `offset`. */
  passTo(offset: number): void {
    this.#from = offset
    this.#first = this.#rangeAt(offset, this.#first)
  }

  /** The records that are in no range. */
  without(records: RecordSource): RecordSource {
    if (this.ranges === 0) return records
    let range = this.#first
    return pick(records, (offset) => {
      range = this.#rangeAt(offset, range)
      return range === this.#bounds.length || offset < (this.#bounds[range] as number)
    })
  }

  /** Whether one range holds all offsets from `from` to before `to`. */
  covers(from: number, to: number): boolean {
    const range = this.#rangeAt(from, this.#first)
    const [start, end] = [this.#bounds[range], this.#bounds[range + 1]]
    return start !== undefined && end !== undefined && start <= from && to <= end
  }

  /** The first range from `first` on that ends past `offset`. */
  #rangeAt(offset: number, first: number): number {
    let range = first
    while (range < this.#bounds.length && (this.#bounds[range + 1] as number) <= offset) range += 2
    return range
  }
}
