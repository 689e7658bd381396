import type { Clock, Timer } from '@holdfast/core'

export interface GathererLimits {
  readonly maxSize: number
  readonly maxWaitMs: number
  readonly timeoutMs: number
  readonly clock: Pick<Clock, 'setTimer'>
}

/** Entries that somebody waits for: with different keys, and no more than fit into one call. */
interface Waiting<Entry, Result> {
  readonly entries: readonly Entry[]
  resolve(results: readonly Result[]): void
  reject(error: unknown): void
}

/**
 * Puts the entries of many calls into one call of the store. While one is under way the next gathers, so that under load each takes
 * all that has come meanwhile; without load an entry waits for the end of the event loop's turn.
 *
 * No call has a key twice: the second one goes with the next.
 */
export class Gatherer<Entry extends { readonly key: string }, Result> {
  readonly #send: (entries: readonly Entry[]) => Promise<readonly Result[]>
  readonly #limits: GathererLimits
  #waiting: Waiting<Entry, Result>[] = []
  #waitingEntries = 0
  #isUnderWay = false
  #isDue = false
  #timer: Timer | undefined

  constructor(send: (entries: readonly Entry[]) => Promise<readonly Result[]>, limits: GathererLimits) {
    this.#send = send
    this.#limits = limits
  }

  add(entries: readonly Entry[]): Promise<readonly Result[]> {
    if (entries.length === 1) return this.#wait(entries)
    const answers = Promise.all(parts(entries, this.#limits.maxSize).map((part) => this.#wait(part)))
    return answers.then((results) => results.flat())
  }

  #wait(entries: readonly Entry[]): Promise<readonly Result[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject })
      this.#waitingEntries += entries.length
      this.#fly()
    })
  }

  #fly(): void {
    if (this.#isUnderWay || this.#waiting.length === 0) return
    const { maxSize, maxWaitMs, clock } = this.#limits
    const isFull = this.#waitingEntries >= maxSize
    if (this.#isDue && !(isFull && this.#timer !== undefined)) return
    this.#timer?.clear()
    this.#timer = undefined
    this.#isDue = true
    if (maxWaitMs === 0 || isFull) setImmediate(() => this.#go())
    else this.#timer = clock.setTimer(() => this.#go(), maxWaitMs)
  }

  #go(): void {
    this.#timer = undefined
    this.#isDue = false
    this.#isUnderWay = true
    const landed = (): void => {
      this.#isUnderWay = false
      this.#fly()
    }
    this.#answer(this.#take()).then(landed, landed)
  }

  #take(): readonly Waiting<Entry, Result>[] {
    const { maxSize } = this.#limits
    const keys = new Set<string>()
    const flight: Waiting<Entry, Result>[] = []
    const rest: Waiting<Entry, Result>[] = []
    let size = 0
    for (const waiting of this.#waiting) {
      const { entries } = waiting
      const fits = size + entries.length <= maxSize && entries.every(({ key }) => !keys.has(key))
      for (const { key } of entries) keys.add(key)
      if (fits) size += entries.length
      ;(fits ? flight : rest).push(waiting)
    }
    this.#waiting = rest
    this.#waitingEntries -= size
    return flight
  }

  async #answer(flight: readonly Waiting<Entry, Result>[]): Promise<void> {
    try {
      const entries = flight.flatMap((waiting) => waiting.entries)
      const results = await this.#inTime(this.#send(entries))
      if (results.length !== entries.length) throw new Error(`${results.length} results for ${entries.length} entries`)
      let from = 0
      for (const waiting of flight) {
        const to = from + waiting.entries.length
        waiting.resolve(results.slice(from, to))
        from = to
      }
    } catch (error) {
      for (const { reject } of flight) reject(error)
    }
  }

  /** What does not answer in time may have been done all the same; every call may be repeated. */
  #inTime(sent: Promise<readonly Result[]>): Promise<readonly Result[]> {
    const { timeoutMs, clock } = this.#limits
    return new Promise((resolve, reject) => {
      const timer: Timer = clock.setTimer(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      sent.then(resolve, reject).finally(() => timer.clear())
    })
  }
}

/** Parts in their order, each of so many entries at the most and without a key twice. */
function parts<Entry extends { readonly key: string }>(entries: readonly Entry[], maxSize: number): Entry[][] {
  const made: Entry[][] = []
  let part: Entry[] = []
  let keys = new Set<string>()
  for (const entry of entries) {
    if (part.length === 0 || part.length === maxSize || keys.has(entry.key)) {
      part = []
      keys = new Set()
      made.push(part)
    }
    part.push(entry)
    keys.add(entry.key)
  }
  return made
}
