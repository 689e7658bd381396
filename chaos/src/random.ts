/** Draws that are the same in every run with the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** A number of [0, 1) (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] as T
  }
}

/** Gives every use of a seed a stream of its own: a draw more in one does not change the others. */
export function seedOf(seed: number, use: string): number {
  let mixed = seed | 0
  for (const char of use) mixed = Math.imul(mixed ^ char.charCodeAt(0), 0x01000193)
  return mixed
}
