import type { Clock, Timer } from '@holdfast/core'

export interface GathererLimits {
  readonly maxSize: number
  readonly maxWaitMs: number
  readonly timeoutMs: number
  readonly clock: Pick<Clock, 'setTimer'>
}

/** One entry of somebody's call. */
interface Waiting<Entry, Result> {
  readonly entry: Entry
  readonly index: number
  readonly call: Call<Result>
}

interface Call<Result> {
  readonly results: Result[]
  left: number
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
  #isUnderWay = false
  #isDue = false
  #timer: Timer | undefined

  constructor(send: (entries: readonly Entry[]) => Promise<readonly Result[]>, limits: GathererLimits) {
    this.#send = send
    this.#limits = limits
  }

  add(entries: readonly Entry[]): Promise<readonly Result[]> {
    if (entries.length === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      const call: Call<Result> = { results: new Array(entries.length), left: entries.length, resolve, reject }
      for (const [index, entry] of entries.entries()) this.#waiting.push({ entry, index, call })
      this.#fly()
    })
  }

  #fly(): void {
    if (this.#isUnderWay || this.#waiting.length === 0) return
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
    for (const waiting of this.#waiting) {
      const { key } = waiting.entry
      if (flight.length === maxSize || keys.has(key)) rest.push(waiting)
      else flight.push(waiting)
      keys.add(key)
    }
    this.#waiting = rest
    return flight
  }

  async #answer(flight: readonly Waiting<Entry, Result>[]): Promise<void> {
    try {
      const results = await this.#inTime(this.#send(flight.map(({ entry }) => entry)))
      if (results.length !== flight.length) throw new Error(`${results.length} results for ${flight.length} entries`)
      for (const [at, { index, call }] of flight.entries()) {
        call.results[index] = results[at] as Result
        call.left -= 1
        if (call.left === 0) call.resolve(call.results)
      }
    } catch (error) {
      for (const { call } of flight) call.reject(error)
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
