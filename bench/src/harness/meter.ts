const SAMPLE_MS = 50
/** No arm waits this long between two records unless it has lost some. */
const STALL_MS = 60_000

export interface Usage {
  readonly seconds: number
  readonly cpuMicrosPerRecord: number
  /** The most that was seen. */
  readonly rssMiB: number
}

/**
 * Time, CPU and memory of a pass over `records` records, from the start of the first to the end of the last. Where there is a
 * warm-up, from the start of the first one behind it, and what is said of a record is said of those behind it.
 */
export class Meter {
  /** Resolves when the last record has ended; rejects when none ends for a minute. */
  readonly done: Promise<Usage>
  readonly #records: number
  readonly #warmUpRecords: number
  readonly #outcome: PromiseWithResolvers<Usage> = Promise.withResolvers()
  readonly #watch: NodeJS.Timeout
  #started = 0
  #startedMs = 0
  #startedCpu: NodeJS.CpuUsage | undefined
  #ended = 0
  #endedBefore = -1
  #movedMs: number = performance.now()
  #maxRss = 0

  constructor(records: number, warmUpRecords = 0) {
    this.#records = records
    this.#warmUpRecords = warmUpRecords
    this.done = this.#outcome.promise
    this.#watch = setInterval(() => this.#look(), SAMPLE_MS)
  }

  started(): void {
    this.#started += 1
    if (this.#startedCpu !== undefined || this.#started <= this.#warmUpRecords) return
    this.#startedMs = performance.now()
    this.#startedCpu = process.cpuUsage()
  }

  ended(): void {
    this.#ended += 1
    if (this.#ended !== this.#records) return
    clearInterval(this.#watch)
    const seconds = (performance.now() - this.#startedMs) / 1_000
    const { user, system } = process.cpuUsage(this.#startedCpu)
    this.#noteRss()
    this.#outcome.resolve({
      seconds,
      cpuMicrosPerRecord: (user + system) / (this.#records - this.#warmUpRecords),
      rssMiB: this.#maxRss / 2 ** 20,
    })
  }

  #look(): void {
    this.#noteRss()
    const nowMs = performance.now()
    if (this.#ended !== this.#endedBefore) this.#movedMs = nowMs
    this.#endedBefore = this.#ended
    if (nowMs - this.#movedMs < STALL_MS) return
    clearInterval(this.#watch)
    this.#outcome.reject(new Error(`stalled after ${this.#ended} of ${this.#records} records`))
  }

  #noteRss(): void {
    this.#maxRss = Math.max(this.#maxRss, process.memoryUsage.rss())
  }
}
