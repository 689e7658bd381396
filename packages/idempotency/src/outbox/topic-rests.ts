interface Rest {
  readonly failures: number
  readonly untilMs: number
  /** So many messages are tried at a time. */
  readonly width: number
}

/**
 * Topics whose last write failed: each rests for longer every time, and the others go on. It is tried with one message then, and
 * with twice as many after each write, until these are all: what stands before a message that is refused is repeated for every
 * halving of the distance, and not for every message of it.
 */
export class TopicRests {
  readonly #rests = new Map<string, Rest>()
  readonly #restMs: (failures: number) => number

  constructor(restMs: (failures: number) => number) {
    this.#restMs = restMs
  }

  /** How many messages to try at a time; undefined for as many as there are. */
  widthOf(topic: string): number | undefined {
    return this.#rests.get(topic)?.width
  }

  resting(nowMs: number): readonly string[] {
    return [...this.#rests].filter(([, { untilMs }]) => untilMs > nowMs).map(([topic]) => topic)
  }

  /** `isAll`: no more were there to be written. */
  succeeded(topic: string, isAll: boolean): void {
    const rest = this.#rests.get(topic)
    if (rest === undefined) return
    if (isAll) this.#rests.delete(topic)
    else this.#rests.set(topic, { failures: 0, untilMs: 0, width: rest.width * 2 })
  }

  /** Answers for how long it rests. */
  failed(topic: string, nowMs: number): number {
    const failures = (this.#rests.get(topic)?.failures ?? 0) + 1
    const restMs = this.#restMs(failures)
    this.#rests.set(topic, { failures, untilMs: nowMs + restMs, width: 1 })
    return restMs
  }
}
