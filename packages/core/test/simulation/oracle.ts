import type { CommitSeen, FakeBroker } from '../../../testing/src/fake-driver.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'

export type Delivery = 'at-least-once' | 'at-most-once'

interface Running {
  readonly instance: number
  readonly epoch: number
}

/** Judges what handlers and broker saw against what was produced; it knows nothing of the ledger. */
export class Oracle {
  readonly violations: string[] = []
  readonly #broker: FakeBroker
  readonly #topic: string
  readonly #delivery: Delivery
  readonly #laneOf: (record: ConsumerRecord) => string
  readonly #starts = new Map<string, number>()
  readonly #done = new Set<string>()
  readonly #lastStarted = new Map<string, number>()
  readonly #running = new Map<string, Running>()
  readonly #stored = new Map<number, number>()

  constructor(broker: FakeBroker, topic: string, delivery: Delivery, laneOf: (record: ConsumerRecord) => string) {
    this.#broker = broker
    this.#topic = topic
    this.#delivery = delivery
    this.#laneOf = laneOf
    broker.onCommit((commit) => this.#committed(commit))
  }

  get doneCount(): number {
    return this.#done.size
  }

  isDone(partition: number, offset: number): boolean {
    return this.#done.has(`${partition}@${offset}`)
  }

  startsOf(partition: number, offset: number): number {
    return this.#starts.get(`${partition}@${offset}`) ?? 0
  }

  started(instance: number, epoch: number, records: readonly ConsumerRecord[], attempt: number): void {
    const [first] = records as [ConsumerRecord]
    const { partition } = first
    const lane = `${instance}/${epoch}/${this.#laneOf(first)}`
    if (this.#running.has(lane)) this.#violated(`two handlers of lane ${lane} run at once`)
    this.#running.set(lane, { instance, epoch })
    for (const { offset } of records) {
      const last = this.#lastStarted.get(lane) ?? -1
      if (attempt === 1 ? offset <= last : offset > last)
        this.#violated(`order: ${partition}@${offset} after ${last}, attempt ${attempt}`)
      this.#lastStarted.set(lane, Math.max(last, offset))
      const key = `${partition}@${offset}`
      this.#starts.set(key, (this.#starts.get(key) ?? 0) + 1)
      if (this.#delivery === 'at-most-once') this.#checkAtMostOnce(partition, offset)
    }
  }

  ended(instance: number, epoch: number, records: readonly ConsumerRecord[], isDone: boolean): void {
    const [first] = records as [ConsumerRecord]
    const { partition } = first
    this.#running.delete(`${instance}/${epoch}/${this.#laneOf(first)}`)
    if (isDone) for (const { offset } of records) this.#done.add(`${partition}@${offset}`)
  }

  #checkAtMostOnce(partition: number, offset: number): void {
    if (this.startsOf(partition, offset) > 1) this.#violated(`${partition}@${offset} started twice`)
    if ((this.#stored.get(partition) ?? -1) <= offset)
      this.#violated(`${partition}@${offset} started before its commit`)
  }

  #committed({ partition, offset, stored }: CommitSeen): void {
    if (!stored) return
    const last = this.#stored.get(partition) ?? -1
    if (offset < last) this.#violated(`partition ${partition} was rewound from ${last} to ${offset}`)
    this.#stored.set(partition, offset)
    if (offset > this.#broker.logEnd(this.#topic, partition))
      this.#violated(`${partition}: commit ${offset} past the end of the log`)
    if (this.#delivery === 'at-most-once') return
    const early = this.#broker
      .offsets(this.#topic, partition)
      .find((known) => known < offset && !this.isDone(partition, known))
    if (early !== undefined) this.#violated(`commit of ${partition}@${offset} while ${early} was not done`)
  }

  #violated(what: string): void {
    if (this.violations.length < 20) this.violations.push(what)
  }
}
