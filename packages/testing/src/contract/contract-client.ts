import assert from 'node:assert/strict'
import {
  type Adoption,
  type Assignment,
  type CommitRequest,
  type CommitResult,
  type Driver,
  type DriverContext,
  type DriverSink,
  type HoldfastError,
  type Logger,
  partitionName,
  type RecordBatch,
  recordsOf,
  type TopicPartition,
  type TransactionRequest,
  type TransactionResult,
  type Undecodable,
} from '@holdfast/core'
import type { DriverEnvironment } from './driver-environment.ts'

export interface Adopted extends Assignment {
  readonly epoch: number
  readonly retained: readonly TopicPartition[]
}

export interface ClientOptions {
  readonly groupId: string
  readonly topics: readonly (string | RegExp)[]
  readonly settings?: Partial<DriverContext>
  /** Is awaited where the driver says `suspending` or `revoking`. */
  readonly onRevoking?: (client: ContractClient) => Promise<void>
  /** Runs inside the driver's call of `assigned`. */
  /** Keeps what it may keep. @default false */
  readonly retains?: boolean
  readonly onAssigned?: (client: ContractClient, partitions: readonly TopicPartition[]) => void
}

const DEFAULT_DEADLINE_MS = 30_000
const SETTINGS: Omit<DriverContext, 'groupId' | 'topics' | 'logger' | 'sink'> = {
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 500,
  rebalanceTimeoutMs: 20_000,
  drainBudgetMs: 10_000,
  partitionAssignmentStrategy: ['range'],
  fetchMaxWaitMs: 100,
  fetchMinBytes: 1,
  fetchMaxBytes: 1_048_576,
  maxPartitionFetchBytes: 65_536,
  autoOffsetReset: 'earliest',
  isolationLevel: 'read_committed',
  producesTo: [],
  asWideAs: [],
}

/** Stands in for the core: holds a driver and writes down what it tells. */
export class ContractClient implements DriverSink {
  readonly driver: Driver
  readonly assignments: Adopted[] = []
  readonly batches: RecordBatch[] = []
  readonly advances: { readonly partition: TopicPartition; readonly epoch: number; readonly nextOffset: number }[] = []
  readonly undecodables: Undecodable[] = []
  readonly crashes: HoldfastError[] = []
  readonly resets: { readonly partition: TopicPartition; readonly epoch: number; readonly to: number }[] = []
  revocations = 0
  #epochs = 0
  readonly #epochOf = new Map<string, number>()
  readonly #options: ClientOptions
  readonly #deadlineMs: number
  readonly #waiters = new Set<() => void>()

  constructor(environment: DriverEnvironment, options: ClientOptions) {
    this.#options = options
    this.#deadlineMs = environment.deadlineMs ?? DEFAULT_DEADLINE_MS
    const { groupId, topics } = options
    const context = {
      ...SETTINGS,
      ...environment.settings,
      ...options.settings,
      groupId,
      topics,
      logger: silentLogger,
      sink: this,
    }
    this.driver = environment.driver(groupId).create(context)
  }

  async start(signal: AbortSignal = new AbortController().signal): Promise<this> {
    await within(this.driver.start(signal), this.#deadlineMs, 'start')
    return this
  }

  /** The epoch in force. */
  get epoch(): number {
    return this.assignments.at(-1)?.epoch ?? 0
  }

  /** The epoch of one partition, which a retained one has from earlier. */
  epochOf(topic: string, partition: number): number {
    return this.#epochOf.get(`${topic}/${partition}`) ?? this.epoch
  }

  /** What is owned, as sorted `topic/partition`. */
  get owned(): string[] {
    return (this.assignments.at(-1)?.partitions ?? []).map(({ topic, partition }) => `${topic}/${partition}`).sort()
  }

  batchesOf(topic: string, partition: number, epoch?: number): RecordBatch[] {
    return this.batches.filter(
      (batch) => batch.topic === topic && batch.partition === partition && (epoch ?? batch.epoch) === batch.epoch,
    )
  }

  offsetsOf(topic: string, partition: number, epoch?: number): number[] {
    return this.batchesOf(topic, partition, epoch).flatMap(({ records }) =>
      recordsOf(records).map(({ offset }) => offset),
    )
  }

  async commit(topic: string, partition: number, offset: number, epoch?: number): Promise<CommitResult> {
    return this.#commit(topic, partition, offset, epoch ?? this.epochOf(topic, partition))
  }

  async #commit(topic: string, partition: number, offset: number, epoch: number): Promise<CommitResult> {
    const results = await this.commitAll([{ topic, partition, offset, epoch }])
    return results[0] as CommitResult
  }

  async commitAll(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    const results = await within(this.driver.commit(requests), this.#deadlineMs, 'commit')
    assert.equal(results.length, requests.length, 'one result per request')
    return results
  }

  /** Commits an offset with outputs, for a driver that has transactions. */
  async transact(request: TransactionRequest): Promise<TransactionResult> {
    assert.ok(this.driver.transact !== undefined, 'the factory says that its drivers have transactions')
    return within(this.driver.transact(request), this.#deadlineMs, 'transact')
  }

  /** Waits until the driver has told enough. */
  async until(isMet: () => boolean, what: string): Promise<void> {
    const met = Promise.withResolvers<void>()
    const look = (): void => {
      if (isMet()) met.resolve()
    }
    this.#waiters.add(look)
    look()
    await within(met.promise, this.#deadlineMs, what).finally(() => this.#waiters.delete(look))
  }

  assigned(assignment: Assignment): Adoption {
    this.#epochs += 1
    const epoch = this.#epochs
    const retained = this.#options.retains ? assignment.retainable : []
    this.assignments.push({ ...assignment, epoch, retained })
    const kept = new Set(retained.map(partitionName))
    for (const name of assignment.partitions.map(partitionName)) if (!kept.has(name)) this.#epochOf.set(name, epoch)
    this.#options.onAssigned?.(this, assignment.partitions)
    this.#told()
    return { epoch, retained }
  }

  batch(batch: RecordBatch): void {
    this.batches.push(batch)
    this.#told()
  }

  undecodable(_partition: TopicPartition, _epoch: number, found: Undecodable): void {
    this.undecodables.push(found)
    this.#told()
  }

  advanced(partition: TopicPartition, epoch: number, nextOffset: number): void {
    this.advances.push({ partition, epoch, nextOffset })
    this.#told()
  }

  reset(partition: TopicPartition, to: number): number {
    this.#epochs += 1
    this.resets.push({ partition, epoch: this.#epochs, to })
    this.#told()
    return this.#epochs
  }

  suspending(): Promise<void> {
    return this.revoking()
  }

  async revoking(): Promise<void> {
    this.revocations += 1
    this.#told()
    await this.#options.onRevoking?.(this)
  }

  lost(): void {
    this.#told()
  }

  crashed(error: HoldfastError): void {
    this.crashes.push(error)
    this.#told()
  }

  #told(): void {
    for (const look of this.#waiters) look()
  }
}

/** Fails with what was waited for; never leaves its timer behind. */
export async function within<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new assert.AssertionError({ message: `${what} took longer than ${limitMs} ms` })),
      limitMs,
    )
  })
  return Promise.race([work, limit]).finally(() => clearTimeout(timer))
}

const silentLogger: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
}
