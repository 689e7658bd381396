/** What is produced at a pace: cold keys alone, or with a hot key beside them. */
export interface Load {
  readonly coldPerSecond: number
  readonly hotPerSecond: number
  readonly seconds: number
}

const HOT_KEY = 0
const COLD_KEYS = 1_000

export function recordsOf({ coldPerSecond, hotPerSecond, seconds }: Load, partitions: number): number {
  return partitions + (coldPerSecond + hotPerSecond) * seconds
}

/** Key 0 is hot, the next thousand are cold, and each partition has one more, by which an arm sees that it reads. */
export function keysOf(partitions: number): number {
  return 1 + COLD_KEYS + partitions
}

export function isCold(key: number): boolean {
  return key !== HOT_KEY && key <= COLD_KEYS
}

export function firstKeyOf(partition: number): number {
  return 1 + COLD_KEYS + partition
}

export function isFirst(key: number): boolean {
  return key > COLD_KEYS
}

/** The keys to produce next, so that `elapsedMs` after the start the load is on its pace. */
export class Pace {
  readonly #load: Load
  readonly #random: () => number
  #cold = 0
  #hot = 0

  constructor(load: Load, random: () => number) {
    this.#load = load
    this.#random = random
  }

  dueAt(elapsedMs: number): number[] {
    const { coldPerSecond, hotPerSecond, seconds } = this.#load
    const elapsed = Math.min(elapsedMs / 1_000, seconds)
    const [cold, hot] = [Math.floor(coldPerSecond * elapsed), Math.floor(hotPerSecond * elapsed)]
    const coldKeys = Array.from({ length: cold - this.#cold }, () => 1 + Math.floor(this.#random() * COLD_KEYS))
    const hotKeys = Array.from({ length: hot - this.#hot }, () => HOT_KEY)
    this.#cold = cold
    this.#hot = hot
    return [...coldKeys, ...hotKeys]
  }
}
