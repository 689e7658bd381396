import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { type ConsumerRecord, type RecordBatch, RecordHeaders } from '../../src/model/record.ts'
import { sourceOf } from '../../src/model/record-source.ts'
import { type AssignedPartition, partitionName, type TopicPartition } from '../../src/model/topic-partition.ts'
import type {
  CommitRequest,
  CommitResult,
  Driver,
  DriverAnswers,
  DriverContext,
  DriverFactory,
  DriverSink,
  MembershipAnswer,
  OutgoingRecord,
} from '../../src/ports/driver.ts'

export interface PendingCommit {
  readonly requests: readonly CommitRequest[]
  answer(status: CommitResult['status'] | ((request: CommitRequest) => CommitResult['status'])): void
}

class ScriptedAnswers implements DriverAnswers {
  isAnswering = true
  isJoining = false
  /** Partitions, as `topic/partition`, of which no fetch is answered. */
  readonly unanswered = new Set<string>()
  readonly #fetches = new Map<string, number>()
  #total = 0

  get total(): number {
    if (this.isAnswering) this.#total += 1
    return this.#total
  }

  fetchesOf(partition: TopicPartition): number {
    const name = partitionName(partition)
    if (this.isAnswering && !this.unanswered.has(name)) this.#fetches.set(name, (this.#fetches.get(name) ?? 0) + 1)
    return this.#fetches.get(name) ?? 0
  }
}

/** A driver without a broker: the test tells the core what happens, and answers its commits. */
export class ScriptedDriver implements Driver {
  readonly calls: string[] = []
  readonly commits: PendingCommit[] = []
  readonly factory: DriverFactory
  /** How commits are answered; undefined where the test answers each. */
  answerWith: CommitResult['status'] | undefined = 'ok'
  confirmWith: MembershipAnswer = 'member'
  readonly produced: OutgoingRecord[] = []
  answerProducesWith: () => Promise<void> = async () => undefined
  onStart: (signal: AbortSignal) => Promise<void> = async () => undefined
  onStop: () => Promise<void> = async () => undefined
  /** Whoever asks finds that brokers have just answered, until the test says otherwise. */
  readonly answers: ScriptedAnswers = new ScriptedAnswers()
  #context: DriverContext | undefined

  constructor() {
    this.factory = {
      name: 'scripted',
      describe: () => 'nowhere',
      create: (context) => {
        this.#context = context
        return this
      },
    }
  }

  get sink(): DriverSink {
    return (this.#context as DriverContext).sink
  }

  get requests(): readonly CommitRequest[] {
    return this.commits.flatMap(({ requests }) => requests)
  }

  /** Answers the epoch of what is not retained. */
  assign(
    partitions: readonly (TopicPartition & Partial<AssignedPartition>)[],
    generationId = 1,
    retainable: readonly TopicPartition[] = [],
  ): number {
    const assigned = partitions.map((partition) => ({ position: 0, committed: -1, ...partition }))
    return this.sink.assigned({ partitions: assigned, retainable, memberId: 'm', generationId }).epoch
  }

  start(signal: AbortSignal): Promise<void> {
    this.calls.push('start')
    return this.onStart(signal)
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.calls.push(`pause ${topic}/${partition}`)
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.calls.push(`resume ${topic}/${partition}`)
  }

  commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    const { promise, resolve } = Promise.withResolvers<readonly CommitResult[]>()
    const answer: PendingCommit['answer'] = (status) =>
      resolve(requests.map((request) => resultOf(typeof status === 'string' ? status : status(request))))
    this.commits.push({ requests, answer })
    if (this.answerWith !== undefined) answer(this.answerWith)
    return promise
  }

  async confirm(): Promise<MembershipAnswer> {
    this.calls.push('confirm')
    return this.confirmWith
  }

  skipTo({ topic, partition }: TopicPartition, epoch: number, offset: number): void {
    this.calls.push(`skip ${topic}/${partition} of ${epoch} to ${offset}`)
  }

  async produce(records: readonly OutgoingRecord[]): Promise<void> {
    await this.answerProducesWith()
    this.produced.push(...records)
  }

  release(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.calls.push(`release ${topic}/${partition}`)
  }

  async stop(): Promise<void> {
    this.calls.push('stop')
    await this.onStop()
  }
}

export function record(offset: number, fields: Partial<ConsumerRecord> = {}): ConsumerRecord {
  const value = Buffer.from(String(offset))
  return { topic: 't', partition: 0, offset, timestamp: 0, key: null, value, headers: RecordHeaders.none, ...fields }
}

export function batchOf(epoch: number, offsets: readonly number[], fields: Partial<RecordBatch> = {}): RecordBatch {
  const { topic = 't', partition = 0 } = fields
  const nextOffset = (offsets.at(-1) ?? -1) + 1
  const records = sourceOf(offsets.map((offset) => record(offset, { topic, partition })))
  return { topic, partition, epoch, records, nextOffset, highWatermark: nextOffset, ...fields }
}

function resultOf(status: CommitResult['status']): CommitResult {
  if (status === 'ok') return { status }
  const code = status === 'fenced' ? 'HF_COMMIT_FENCED' : 'HF_COMMIT_UNKNOWN'
  return { status, error: new HoldfastError(code, 'scripted') }
}
