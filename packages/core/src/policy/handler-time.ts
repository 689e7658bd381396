/** How many attempts the mean and the quantiles remember, with fading weight. */
const MEMORY = 16
const QUANTILE_MEMORY = 512
/** Neighbouring buckets differ by so much: the error of a quantile is half of it. */
const BUCKET_RATIO = 1.1
const SMALLEST_MS = 0.01
const BUCKETS = 256
const LOG_RATIO = Math.log(BUCKET_RATIO)

/**
 * What a handler takes for one record: a mean that follows a change within some attempts, and quantiles over the last
 * hundreds. Neither keeps the durations.
 */
export class HandlerTime {
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0
  #meanMs = 0
  #records = 0
  #attempts = 0
  #nextDouble = 1

  /** An attempt with so many records ended. */
  note(durationMs: number, records: number): void {
    const eachMs = durationMs / records
    this.#records += records
    this.#attempts += 1
    this.#meanMs += (eachMs - this.#meanMs) / Math.min(this.#attempts, MEMORY)
    if (this.#total >= QUANTILE_MEMORY) this.#fade()
    const bucket = bucketOf(eachMs)
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#total += 1
  }

  /** Whether twice as many records have been measured as when this was last true. */
  hasDoubled(): boolean {
    if (this.#records < this.#nextDouble) return false
    this.#nextDouble = this.#records * 2
    return true
  }

  /** How many records have been measured. */
  get records(): number {
    return this.#records
  }

  /** Undefined before the first attempt has ended. */
  get meanMs(): number | undefined {
    return this.#records === 0 ? undefined : this.#meanMs
  }

  /** The time that a share of the records stays below; undefined before the first attempt has ended. */
  quantileMs(share: number): number | undefined {
    if (this.#total === 0) return undefined
    let below = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      below += this.#counts[bucket] as number
      if (below >= this.#total * share) return SMALLEST_MS * BUCKET_RATIO ** (bucket + 0.5)
    }
    return undefined
  }

  /** What all but the slowest twentieth stay below. */
  get p95Ms(): number | undefined {
    return this.quantileMs(0.95)
  }

  #fade(): void {
    this.#total = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const count = (this.#counts[bucket] as number) / 2
      this.#counts[bucket] = count
      this.#total += count
    }
  }
}

function bucketOf(durationMs: number): number {
  if (durationMs <= SMALLEST_MS) return 0
  return Math.min(BUCKETS - 1, Math.floor(Math.log(durationMs / SMALLEST_MS) / LOG_RATIO))
}
