import { readKeyNumber } from './key-number.ts'

/** What an arm promises to run in log order and one at a time; every arm promises to leave nothing out. */
export type Promised = 'key' | 'partition' | 'nothing'

export interface CheckedTopic {
  readonly partitions: number
  readonly records: number
  readonly keys: number
}

const BITS = 32

/**
 * Watches one pass over a topic and tells what broke a promise. It is on in every arm, rivals included, so it keeps to
 * typed arrays: a bit per record, and the last offset and a flag per key (or per partition).
 *
 * Offsets are taken to lie between 0 and `records`; keys, to end in their number and to stay in one partition.
 */
export class DeliveryChecker {
  readonly #records: number
  readonly #wordsPerPartition: number
  readonly #seen: Uint32Array
  readonly #seenCount: Uint32Array
  readonly #promised: Promised
  readonly #lastOffset: Int32Array
  readonly #isRunning: Uint8Array
  #violations = 0
  #first: string | undefined

  constructor(promised: Promised, { partitions, records, keys }: CheckedTopic) {
    this.#records = records
    this.#wordsPerPartition = Math.ceil(records / BITS)
    this.#seen = new Uint32Array(partitions * this.#wordsPerPartition)
    this.#seenCount = new Uint32Array(partitions)
    this.#promised = promised
    const lanes = promised === 'key' ? keys : partitions
    this.#lastOffset = new Int32Array(lanes).fill(-1)
    this.#isRunning = new Uint8Array(lanes)
  }

  started(partition: number, offset: number, key: Buffer | null): void {
    const word = partition * this.#wordsPerPartition + (offset >>> 5)
    const bit = 1 << (offset & 31)
    const before = this.#seen[word] as number
    if ((before & bit) === 0) {
      this.#seen[word] = before | bit
      this.#seenCount[partition] = (this.#seenCount[partition] as number) + 1
    }
    if (this.#promised === 'nothing') return
    const lane = this.#laneOf(partition, key)
    const last = this.#lastOffset[lane]
    if (last === undefined) return this.#violate('an unknown key', partition, offset, lane)
    if (this.#isRunning[lane] === 1) this.#violate('overlap', partition, offset, lane)
    if (offset <= last) this.#violate('reordering', partition, offset, lane)
    this.#lastOffset[lane] = offset
    this.#isRunning[lane] = 1
  }

  ended(partition: number, key: Buffer | null): void {
    if (this.#promised !== 'nothing') this.#isRunning[this.#laneOf(partition, key)] = 0
  }

  /** What was broken, once the pass is over; undefined where nothing was. */
  verdict(): string | undefined {
    const seen = this.#seenCount.reduce((sum, count) => sum + count, 0)
    const skipped = seen === this.#records ? [] : [`${this.#records - seen} of ${this.#records} records never started`]
    const broken = this.#first === undefined ? [] : [`${this.#violations} violations, first: ${this.#first}`]
    const found = [...broken, ...skipped]
    return found.length === 0 ? undefined : found.join('; ')
  }

  #laneOf(partition: number, key: Buffer | null): number {
    return this.#promised === 'key' ? readKeyNumber(key) : partition
  }

  #violate(what: 'overlap' | 'reordering' | 'an unknown key', partition: number, offset: number, lane: number): void {
    this.#violations += 1
    this.#first ??= `${what} at partition ${partition} offset ${offset}, ${this.#promised} ${lane} was at ${this.#lastOffset[lane]}`
  }
}
