import type { CommitSeen, FakeBroker } from '../../../testing/src/fake-driver.ts'
import { decodeDoneAhead } from '../../src/ledger/done-ahead.ts'
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
  readonly #early = new Set<string>()
  readonly #doneIn = new Set<string>()
  readonly #guarded = new Set<number>()
  readonly #stored = new Map<number, number>()
  /** By partition, what the last commit says is done past its offset. */
  readonly #storedAhead = new Map<number, ReadonlySet<number>>()
  /** The same as an epoch of an instance found it. */
  readonly #foundAhead = new Map<string, ReadonlySet<number>>()

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

  /** This instance has a circuit breaker. */
  guarded(instance: number): void {
    this.#guarded.add(instance)
  }

  /** An assignment begins; what its commits say is done must not run again. */
  assigned(instance: number, epoch: number, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const ahead = this.#storedAhead.get(partition)
      if (ahead !== undefined) this.#foundAhead.set(`${instance}/${epoch}/${partition}`, ahead)
    }
  }

  started(instance: number, epoch: number, records: readonly ConsumerRecord[], attempt: number): void {
    const lanes = new Set(records.map((record) => `${instance}/${epoch}/${this.#laneOf(record)}`))
    for (const lane of lanes) {
      if (this.#running.has(lane)) this.#violated(`two handlers of lane ${lane} run at once`)
      this.#running.set(lane, { instance, epoch })
    }
    for (const record of records) {
      const { partition, offset } = record
      const lane = `${instance}/${epoch}/${this.#laneOf(record)}`
      const last = this.#lastStarted.get(lane) ?? -1
      const isFirst = attempt === 1 && !this.#mayBeHeld(instance, epoch, record)
      if (isFirst ? offset <= last : attempt > 1 && offset > last)
        this.#violated(`order: ${partition}@${offset} after ${last}, attempt ${attempt}`)
      this.#lastStarted.set(lane, Math.max(last, offset))
      if (this.#early.has(`${instance}/${epoch}/${partition}@${offset}`))
        this.#violated(`${partition}@${offset} ran again, though its batch had settled it`)
      if (this.#foundAhead.get(`${instance}/${epoch}/${partition}`)?.has(offset))
        this.#violated(`${partition}@${offset} ran again, though it was committed as done`)
      const key = `${partition}@${offset}`
      this.#starts.set(key, (this.#starts.get(key) ?? 0) + 1)
      if (this.#delivery === 'at-most-once') this.#checkAtMostOnce(partition, offset)
    }
  }

  /** A batch handler says so while it runs; the epoch that heard it must not run them again. */
  settledEarly(instance: number, epoch: number, records: readonly ConsumerRecord[]): void {
    for (const { partition, offset } of records) {
      this.#done.add(`${partition}@${offset}`)
      this.#early.add(`${instance}/${epoch}/${partition}@${offset}`)
    }
  }

  ended(instance: number, epoch: number, records: readonly ConsumerRecord[], done: readonly ConsumerRecord[]): void {
    for (const record of records) this.#running.delete(`${instance}/${epoch}/${this.#laneOf(record)}`)
    for (const { partition, offset } of done) {
      this.#done.add(`${partition}@${offset}`)
      this.#doneIn.add(`${instance}/${epoch}/${partition}@${offset}`)
    }
  }

  /** A record that failed while its circuit was not closed comes again as the attempt that it was. */
  #mayBeHeld(instance: number, epoch: number, { partition, offset }: ConsumerRecord): boolean {
    return this.#guarded.has(instance) && !this.#doneIn.has(`${instance}/${epoch}/${partition}@${offset}`)
  }

  #checkAtMostOnce(partition: number, offset: number): void {
    if (this.startsOf(partition, offset) > 1) this.#violated(`${partition}@${offset} started twice`)
    if ((this.#stored.get(partition) ?? -1) <= offset)
      this.#violated(`${partition}@${offset} started before its commit`)
  }

  #committed({ partition, offset, metadata = '', stored }: CommitSeen): void {
    if (!stored) return
    this.#committedAhead(partition, offset, metadata)
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

  #committedAhead(partition: number, offset: number, metadata: string): void {
    const logEnd = this.#broker.logEnd(this.#topic, partition)
    const { doneAhead = [], refusal } = decodeDoneAhead(offset, metadata, logEnd)
    if (refusal !== undefined) this.#violated(`commit of ${partition}@${offset}: ${refusal}`)
    const isAhead = (known: number): boolean =>
      doneAhead.some((from, index) => index % 2 === 0 && known >= from && known < (doneAhead[index + 1] as number))
    const ahead = new Set(this.#broker.offsets(this.#topic, partition).filter(isAhead))
    this.#storedAhead.set(partition, ahead)
    const open = [...ahead].find((known) => !this.isDone(partition, known))
    if (open !== undefined && this.#delivery === 'at-least-once')
      this.#violated(`commit of ${partition}@${offset} says ${open} is done, which it is not`)
  }

  #violated(what: string): void {
    if (this.violations.length < 20) this.violations.push(what)
  }
}
