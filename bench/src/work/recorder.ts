import { littleRate } from '../stats/bounds.ts'

/** The steady part of a pass lies between these shares of its records. */
const STEADY_FROM = 0.1
const STEADY_TO = 0.9

/** What had been done at one instant. */
interface Mark {
  readonly atMs: number
  readonly ended: number
  readonly workedMs: number
}

/**
 * Times handlers. Little's law holds for a stream that neither begins nor ends, so it is applied to the steady part: from
 * the start of the handler at a tenth of the records to the start of the one at nine tenths, records that ended in
 * between over the time between, and their mean handler time. Handlers are timed inside, since timers are late.
 */
export class WorkRecorder {
  readonly #steadyFrom: number
  readonly #steadyTo: number
  readonly #keyMs: Float64Array
  #begin: Mark | undefined
  #end: Mark | undefined
  #started = 0
  #ended = 0
  #workedMs = 0

  constructor(records: number, keys: number) {
    this.#keyMs = new Float64Array(keys)
    this.#steadyFrom = Math.max(1, Math.ceil(records * STEADY_FROM))
    this.#steadyTo = Math.ceil(records * STEADY_TO)
  }

  started(nowMs: number): void {
    this.#started += 1
    if (this.#started === this.#steadyFrom) this.#begin = this.#mark(nowMs)
    if (this.#started === this.#steadyTo) this.#end = this.#mark(nowMs)
  }

  ended(startedMs: number, nowMs: number, key: number): void {
    const workedMs = nowMs - startedMs
    this.#ended += 1
    this.#workedMs += workedMs
    this.#keyMs[key] = (this.#keyMs[key] as number) + workedMs
  }

  /** Over the whole pass, as the other times here. */
  get meanSeconds(): number {
    return this.totalSeconds / this.#ended
  }

  get totalSeconds(): number {
    return this.#workedMs / 1_000
  }

  get heaviestKeySeconds(): number {
    return this.#keyMs.reduce((most, workedMs) => Math.max(most, workedMs), 0) / 1_000
  }

  /** Records a second in the steady part, and its share of what `slots` that are always busy would finish. */
  steady(slots: number): { readonly steadyPerSecond: number; readonly littleShare: number } {
    const [begin, end] = [this.#begin, this.#end]
    if (begin === undefined || end === undefined) throw new Error('the pass has not come to its last tenth')
    const ended = end.ended - begin.ended
    const steadyPerSecond = (ended / (end.atMs - begin.atMs)) * 1_000
    const meanSeconds = (end.workedMs - begin.workedMs) / ended / 1_000
    return { steadyPerSecond, littleShare: steadyPerSecond / littleRate(slots, meanSeconds) }
  }

  #mark(atMs: number): Mark {
    return { atMs, ended: this.#ended, workedMs: this.#workedMs }
  }
}
