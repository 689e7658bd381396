const INITIAL_WORDS = 32
const MAX_WORDS = 2 ** 26

/**
 * A ring of bits over a moving window of slots `[head, tail)`; a set bit is a settled slot. Slots are numbers that only
 * grow. `head` is the lowest slot that is not settled, or `tail` when all are.
 *
 * Bitwise operators take a number modulo 2^32, and the ring never holds more than 2^31 bits, so slots past 2^32 find
 * their bit as well.
 */
export class SettledBits {
  #words = new Uint32Array(INITIAL_WORDS)
  #head: number
  #tail: number
  #runs = 0

  constructor(start: number) {
    this.#head = start
    this.#tail = start
  }

  get head(): number {
    return this.#head
  }

  get tail(): number {
    return this.#tail
  }

  /** How many stretches of settled slots lie past `head`. */
  get runs(): number {
    return this.#runs
  }

  /** Appends slots that are open. */
  append(count: number): void {
    this.#grow(count)
    this.#fill(this.#tail, count, 0)
    this.#tail += count
  }

  /** Appends slots that need no settling. */
  appendSettled(count: number): void {
    this.#grow(count)
    if (this.#head < this.#tail && !this.#isSettled(this.#tail - 1)) this.#runs += 1
    this.#fill(this.#tail, count, 1)
    this.#tail += count
    if (this.#head === this.#tail - count) this.#head = this.#tail
  }

  /** False where the slot was settled before. */
  settle(slot: number): boolean {
    if (slot < this.#head || slot >= this.#tail) return false
    const index = (slot >>> 5) & (this.#words.length - 1)
    const bit = 1 << (slot & 31)
    const word = this.#words[index] as number
    if ((word & bit) !== 0) return false
    this.#words[index] = word | bit
    const joinsNext = slot + 1 < this.#tail && this.#isSettled(slot + 1)
    if (slot === this.#head) {
      if (joinsNext) this.#runs -= 1
      this.#head = this.nextOpen(slot)
    } else {
      this.#runs += 1 - (joinsNext ? 1 : 0) - (this.#isSettled(slot - 1) ? 1 : 0)
    }
    return true
  }

  /** The first open slot from `slot` on, or `tail`. */
  nextOpen(slot: number): number {
    return this.#next(slot, -1)
  }

  /** The first settled slot from `slot` on, or `tail`. */
  nextSettled(slot: number): number {
    return this.#next(slot, 0)
  }

  /** The first slot whose bit differs from those of `flip`, a word at a time. */
  #next(from: number, flip: 0 | -1): number {
    const mask = this.#words.length - 1
    let slot = from
    while (slot < this.#tail) {
      const bit = slot & 31
      const found = ((this.#words[(slot >>> 5) & mask] as number) ^ flip) >>> bit
      if (found !== 0) return Math.min(slot + 31 - Math.clz32(found & -found), this.#tail)
      slot += 32 - bit
    }
    return this.#tail
  }

  #isSettled(slot: number): boolean {
    return (((this.#words[(slot >>> 5) & (this.#words.length - 1)] as number) >>> (slot & 31)) & 1) === 1
  }

  #fill(from: number, count: number, value: 0 | 1): void {
    const mask = this.#words.length - 1
    for (let slot = from, end = from + count; slot < end; ) {
      const bit = slot & 31
      const run = Math.min(32 - bit, end - slot)
      const bits = (run === 32 ? -1 : (1 << run) - 1) << bit
      const index = (slot >>> 5) & mask
      const word = this.#words[index] as number
      this.#words[index] = value === 1 ? word | bits : word & ~bits
      slot += run
    }
  }

  /** Doubles the ring until the window fits; one word stays free, since head and tail may share a word's two ends. */
  #grow(count: number): void {
    const needed = Math.ceil((this.#tail - this.#head + count) / 32) + 1
    if (needed <= this.#words.length) return
    let size = this.#words.length
    while (size < needed) size *= 2
    if (size > MAX_WORDS) throw new RangeError(`the ledger cannot hold ${needed * 32} open offsets`)
    const grown = new Uint32Array(size)
    const [first, last] = [Math.floor(this.#head / 32), Math.floor(this.#tail / 32)]
    for (let word = first; word <= last; word += 1) {
      grown[word % size] = this.#words[word % this.#words.length] as number
    }
    this.#words = grown
  }
}
