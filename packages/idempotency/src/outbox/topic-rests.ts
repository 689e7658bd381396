interface Rest {
  readonly failures: number
  readonly untilMs: number
}

/** Topics whose last write failed: each rests for longer every time, and the others go on. */
export class TopicRests {
  readonly #rests = new Map<string, Rest>()
  readonly #restMs: (failures: number) => number

  constructor(restMs: (failures: number) => number) {
    this.#restMs = restMs
  }

  isFailing(topic: string): boolean {
    return this.#rests.has(topic)
  }

  resting(nowMs: number): readonly string[] {
    return [...this.#rests].filter(([, { untilMs }]) => untilMs > nowMs).map(([topic]) => topic)
  }

  succeeded(topic: string): void {
    this.#rests.delete(topic)
  }

  /** Answers for how long it rests. */
  failed(topic: string, nowMs: number): number {
    const failures = (this.#rests.get(topic)?.failures ?? 0) + 1
    const restMs = this.#restMs(failures)
    this.#rests.set(topic, { failures, untilMs: nowMs + restMs })
    return restMs
  }
}
