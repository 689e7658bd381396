import { setImmediate } from 'node:timers/promises'
import { type ConsumerRecord, type DriverFactory, type DriverSink, RecordHeaders, sourceOf } from '@holdfast/core'

const FETCHED = 500

export interface Feed {
  readonly topic: string
  readonly records: number
  keyOf(offset: number): Buffer
}

/** A driver without a broker: it hands over one partition as fast as it is taken. */
export function feedingDriver(feed: Feed): DriverFactory {
  return {
    name: 'in-process feed',
    describe: () => 'this process',
    create: ({ sink }) => {
      const feeder = new Feeder(feed, sink)
      let looks = 0
      const look = (): number => ++looks
      return {
        answers: {
          isJoining: false,
          fetchesOf: look,
          get total() {
            return look()
          },
        },
        start: async () => feeder.start(),
        pause: () => feeder.pause(),
        resume: () => feeder.resume(),
        skipTo: () => undefined,
        commit: async (requests) => requests.map(() => ({ status: 'ok' as const })),
        confirm: async () => 'member' as const,
        produce: async () => undefined,
        release: () => undefined,
        stop: async () => feeder.pause(),
      }
    },
  }
}

class Feeder {
  readonly #feed: Feed
  readonly #sink: DriverSink
  #epoch = 0
  #next = 0
  #isPaused = false
  #isFeeding = false

  constructor(feed: Feed, sink: DriverSink) {
    this.#feed = feed
    this.#sink = sink
  }

  start(): void {
    const { topic } = this.#feed
    const partitions = [{ topic, partition: 0, position: 0, committed: -1 }]
    this.#epoch = this.#sink.assigned({ partitions, retainable: [], memberId: 'feed', generationId: 1 }).epoch
    void this.#run()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    void this.#run()
  }

  async #run(): Promise<void> {
    if (this.#isFeeding) return
    this.#isFeeding = true
    while (!this.#isPaused && this.#next < this.#feed.records) {
      this.#hand()
      await setImmediate()
    }
    this.#isFeeding = false
  }

  #hand(): void {
    const { topic, records } = this.#feed
    const first = this.#next
    this.#next = Math.min(records, first + FETCHED)
    const list = Array.from({ length: this.#next - first }, (_, index) => this.#recordAt(first + index))
    this.#sink.batch({
      topic,
      partition: 0,
      epoch: this.#epoch,
      records: sourceOf(list),
      nextOffset: this.#next,
      highWatermark: records,
    })
  }

  #recordAt(offset: number): ConsumerRecord {
    const { topic, keyOf } = this.#feed
    return { topic, partition: 0, offset, timestamp: 0, key: keyOf(offset), value: null, headers: RecordHeaders.none }
  }
}
