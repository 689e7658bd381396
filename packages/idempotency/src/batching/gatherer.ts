import type { Clock, Timer } from '@holdfast/core'

export interface GathererLimits {
  readonly maxSize: number
  readonly maxWaitMs: number
  readonly timeoutMs: number
  readonly clock: Pick<Clock, 'setTimer'>
}

/** An entry that somebody waits for. */
interface Waiting<Entry, Result> {
  readonly entry: Entry
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * Puts what many ask for into one call of the store. While one is under way the next gathers, so that under load each takes
 * all that has come meanwhile; without load an entry waits for the end of the event loop's turn.
 *
 * No call has a key twice: the second one goes with the next.
 */
export class Gatherer<Entry extends { readonly key: string }, Result> {
  readonly #send: (entries: readonly Entry[]) => Promise<readonly Result[]>
  readonly #limits: GathererLimits
  #waiting: Waiting<Entry, Result>[] = []
  #isUnderWay = false
  #isDue = false
  #timer: Timer | undefined

  constructor(send: (entries: readonly Entry[]) => Promise<readonly Result[]>, limits: GathererLimits) {
    this.#send = send
    this.#limits = limits
  }

  add(entry: Entry): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject })
      this.#fly()
    })
  }

  #fly(): void {
    if (this.#isUnderWay) return
    const { maxSize, maxWaitMs, clock } = this.#limits
    const isFull = this.#waiting.length >= maxSize
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
    const flight = this.#take()
    this.#sent(flight.map(({ entry }) => entry)).then(
      (results) => {
        this.#landed()
        for (let at = 0; at < flight.length; at += 1) flight[at]?.resolve(results[at] as Result)
      },
      (error: unknown) => {
        this.#landed()
        for (const { reject } of flight) reject(error)
      },
    )
  }

  /** What has come meanwhile goes before anybody hears of the answer, so that the store works while they do. */
  #landed(): void {
    this.#isUnderWay = false
    if (this.#waiting.length > 0) this.#go()
  }

  #take(): readonly Waiting<Entry, Result>[] {
    const { maxSize } = this.#limits
    const keys = new Set<string>()
    const flight: Waiting<Entry, Result>[] = []
    const rest: Waiting<Entry, Result>[] = []
    for (const waiting of this.#waiting) {
      const { key } = waiting.entry
      const fits = flight.length < maxSize && !keys.has(key)
      keys.add(key)
      ;(fits ? flight : rest).push(waiting)
    }
    this.#waiting = rest
    return flight
  }

  async #sent(entries: readonly Entry[]): Promise<readonly Result[]> {
    const results = await this.#inTime(this.#send(entries))
    if (results.length !== entries.length) throw new Error(`${results.length} results for ${entries.length} entries`)
    return results
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
