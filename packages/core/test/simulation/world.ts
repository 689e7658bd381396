import { createFakeClock, type FakeClock } from '../../../testing/src/fake-clock.ts'
import { type FakeBroker, fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { Consumer } from '../../src/api.ts'
import { createConsumer } from '../../src/consumer.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { type BatchHandlerContext, type HandlerContext, on } from '../../src/pipeline/handler.ts'
import { type CircuitBreaker, circuitBreaker } from '../../src/policy/circuit-breaker.ts'
import type { PartitionAssignmentStrategy } from '../../src/ports/driver.ts'
import type { Random } from '../support/random.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { type Delivery, Oracle } from './oracle.ts'

export const TOPIC = 'simulated'
export const GROUP = 'group'

/** Members of one group may differ: what all have decides, and it changes as they come and go. */
const STRATEGIES: readonly (readonly PartitionAssignmentStrategy[])[] = [
  ['cooperative-sticky', 'range'],
  ['cooperative-sticky', 'range'],
  ['range'],
]

export interface Instance {
  readonly number: number
  readonly consumer: Consumer
  readonly run: Promise<unknown>
  isStopped: boolean
}

/** A topic, a group and its consumers; faults come from the random numbers until `heal`. */
export class World {
  readonly clock: FakeClock = createFakeClock({ turns: 3 })
  readonly broker: FakeBroker = fakeBroker()
  readonly oracle: Oracle
  readonly instances: Instance[] = []
  readonly partitions: number
  readonly delivery: Delivery
  readonly #random: Random
  readonly #batch: boolean
  readonly #order: 'partition' | 'key' | 'none'
  #isHealed = false
  #releases: (() => void)[] = []

  constructor(random: Random) {
    this.#random = random
    this.partitions = random.int(1, 4)
    this.delivery = random.chance(0.6) ? 'at-least-once' : 'at-most-once'
    this.#batch = random.chance(0.3)
    this.broker.createTopic(TOPIC, this.partitions, random.pick([0, 0, 0, 7, 2 ** 32 - 5]))
    this.#order = random.pick(['partition', 'key', 'key', 'none'] as const)
    this.oracle = new Oracle(this.broker, TOPIC, this.delivery, (record) => this.#laneOf(record))
  }

  produce(count: number): void {
    const random = this.#random
    for (let made = 0; made < count; made += 1) {
      const partition = random.int(0, this.partitions - 1)
      if (random.chance(0.1)) this.broker.produceUndeliverable(TOPIC, partition, random.pick([1, 3, 40, 5_000]))
      this.broker.produce(TOPIC, { value: 'v', partition, key: random.pick(['a', 'b', 'c', null]) })
    }
  }

  addConsumer(): void {
    const random = this.#random
    const number = this.instances.length
    const most = random.int(1, 20)
    const maxPollRecords = random.chance(0.3) ? 'auto' : most
    const isGuarded = this.delivery === 'at-least-once' && random.chance(0.4)
    if (isGuarded) this.oracle.guarded(number)
    const maxAttempts = this.delivery === 'at-most-once' ? 1 : random.pick([2, 50])
    const consumer = createConsumer({
      driver: this.broker.driver({
        maxBatchRecords: random.int(1, 30),
        fetchFaults: {
          repeat: () => !this.#isHealed && random.chance(0.1),
          stale: () => !this.#isHealed && random.chance(0.02),
        },
      }),
      clock: this.clock,
      logger: silentLogger,
      groupId: GROUP,
      delivery: this.delivery,
      order: this.#order,
      concurrency: random.int(1, 5),
      ...(random.chance(0.3) ? { concurrencyPerPartition: random.int(1, 3) } : {}),
      maxUncommittedRecords: random.pick([1, 10, 10_000]),
      maxPollRecords,
      maxBatchRecords: random.chance(0.5) ? most : random.int(1, most),
      maxPollWaitMs: this.#batch ? random.pick([0, 50]) : 0,
      maxPollIntervalMs: random.pick([2_000, 60_000]),
      onHandlerTimeout: this.delivery === 'at-least-once' && random.chance(0.2) ? 'release' : 'retry',
      partitionAssignmentStrategy: random.pick(STRATEGIES),
      rebalanceTimeoutMs: 60_000,
      drainBudgetMs: random.pick([0, 300, 3_000]),
      shutdownTimeoutMs: random.pick([0, 300, 3_000]),
      commitInterval: { records: random.int(1, 20), ms: random.pick([10, 200, 1_000]) },
      maxAttempts,
      ...(isGuarded ? { circuit: this.#circuit() } : {}),
      retryBackoffMs: 20,
      retryBackoffMaxMs: 500,
      maxPartitionBufferedRecords: random.pick([1, 5, 100]),
      handlers: [
        this.#batch
          ? on(TOPIC, { batch: true }, (records, context) => this.#handle(number, records, context, context.settle))
          : on(TOPIC, (record, context) => this.#handle(number, [record], context)),
      ],
    })
    consumer.on('group:joined', ({ epoch, added }) =>
      this.oracle.assigned(
        number,
        epoch,
        added.map(({ partition }) => partition),
      ),
    )
    const instance: Instance = {
      number,
      consumer,
      run: consumer.run().catch((error: unknown) => error),
      isStopped: false,
    }
    this.instances.push(instance)
  }

  /** One that opens often: every third failure or so, and many that succeed between. */
  #circuit(): CircuitBreaker {
    const consecutiveFailures = this.#random.int(1, 3)
    const halfOpenAfterMs = this.#random.pick([20, 500])
    return circuitBreaker({ name: 'anything', consecutiveFailures, halfOpenAfterMs, halfOpenMaxMs: 1_000 })
  }

  /** Instances that nobody has stopped; a killed one does not know that it is dead. */
  get alive(): Instance[] {
    return this.instances.filter(({ isStopped }) => !isStopped)
  }

  #laneOf({ partition, key, offset }: ConsumerRecord): string {
    if (this.#order === 'partition') return String(partition)
    return this.#order === 'none' || key === null ? `${partition}@${offset}` : `${partition}/${key}`
  }

  holdCommits(): void {
    this.#releases.push(this.broker.holdCommits())
  }

  releaseCommits(): void {
    for (const release of this.#releases.splice(0)) release()
  }

  heal(): void {
    this.#isHealed = true
    this.releaseCommits()
  }

  /** Ends well, fails, or, for a batch, settles some records early or fails some by themselves. */
  #handle(
    instance: number,
    records: readonly ConsumerRecord[],
    { epoch, attempt, signal }: HandlerContext,
    settle?: BatchHandlerContext['settle'],
  ): unknown {
    const random = this.#random
    this.oracle.started(instance, epoch, records, attempt)
    const fails = !this.#isHealed && random.chance(this.delivery === 'at-most-once' ? 0.01 : 0.15)
    const early = settle === undefined ? [] : records.filter(() => random.chance(0.1))
    this.oracle.settledEarly(instance, epoch, early)
    for (const record of early) settle?.(record)
    const late = records.filter((record) => !early.includes(record))
    const end = (isDone: boolean): unknown => {
      if (settle !== undefined && random.chance(0.3)) return this.#endEach(instance, epoch, records, late, isDone)
      this.oracle.ended(instance, epoch, records, isDone ? records : [])
      if (!isDone) throw random.pick([new Error('failed'), 'a string', undefined])
      return undefined
    }
    if (this.#isHealed || random.chance(0.5)) return end(!fails)
    const delayMs = random.pick([1, 20, 400, 3_000])
    const heedsSignal = random.chance(0.7)
    return new Promise<unknown>((resolve, reject) => {
      const finish = (isDone: boolean): void => {
        timer.clear()
        try {
          resolve(end(isDone))
        } catch (error) {
          reject(error)
        }
      }
      const timer = this.clock.setTimer(() => finish(!fails), delayMs)
      if (heedsSignal) signal.addEventListener('abort', () => finish(false), { once: true })
    })
  }

  /** Some of the records that are open fail by themselves. */
  #endEach(
    instance: number,
    epoch: number,
    records: readonly ConsumerRecord[],
    late: readonly ConsumerRecord[],
    isDone: boolean,
  ): unknown {
    const failing = new Set(isDone ? [] : late.filter(() => this.#random.chance(0.5)))
    this.oracle.ended(
      instance,
      epoch,
      records,
      late.filter((record) => !failing.has(record)),
    )
    return records.map((record) => (failing.has(record) ? new Error('failed') : undefined))
  }
}
