import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  HoldfastError,
  type OutgoingRecord,
  partitionName,
  type TransactionRequest,
  type TransactionResult,
} from '@holdfast/core'
import { Hold } from './hold.ts'

/** The requests of a transaction, in their order. */
export type TransactionStep = 'begin' | 'send' | 'offsets' | 'commit'

/** Transactions that get no answer. */
export interface TransactionFault {
  /** The step that gets no answer. */
  readonly step: TransactionStep
  /** Transactions to fail. @default 1 */
  readonly times?: number
  /** With `commit`: whether the transaction succeeds before the answer is lost. @default false */
  readonly stored?: boolean
}

/** What a topic does not take of what transactions write to it. */
export interface OutputRefusal {
  readonly error: HoldfastError
  /** Records whose key, value and headers have no more bytes than this are taken. @default −1: none */
  readonly maxBytes?: number
}

/** A transaction as it reached the broker. */
export interface TransactionSeen extends TransactionRequest {
  readonly transactionalId: string
  readonly result: 'committed' | 'aborted' | 'fenced'
}

/** The transactional ids of the broker: who claimed each last, and what goes wrong with transactions. */
export class FakeTransactions {
  readonly #owners = new Map<string, object>()
  readonly #faults: Required<TransactionFault>[] = []
  readonly #refusals = new Map<string, OutputRefusal>()
  readonly seen: TransactionSeen[] = []
  /** Transactions that are held back before they begin. */
  readonly answers: Hold = new Hold()

  /** Whoever claimed it before is fenced. */
  claim(transactionalId: string, owner: object): void {
    this.#owners.set(transactionalId, owner)
  }

  isOwner(transactionalId: string, owner: object): boolean {
    return this.#owners.get(transactionalId) === owner
  }

  /** Until it is called again; without a refusal the topic takes all. */
  refuse(topic: string, refusal: OutputRefusal | undefined): void {
    if (refusal === undefined) this.#refusals.delete(topic)
    else this.#refusals.set(topic, refusal)
  }

  /** Why the topic does not take this record, if it does not. */
  refusalOf(record: OutgoingRecord): HoldfastError | undefined {
    const { error, maxBytes = -1 } = this.#refusals.get(record.topic) ?? {}
    return bytesOf(record) > maxBytes ? error : undefined
  }

  fail({ step, times = 1, stored = false }: TransactionFault): void {
    for (let count = 0; count < times; count += 1) this.#faults.push({ step, times, stored })
  }

  nextFault(): Required<TransactionFault> | undefined {
    return this.#faults.shift()
  }
}

export interface ProducerSide {
  readonly transactions: FakeTransactions
  readonly prefix: string
  /** Whether the member owns the partition under the epoch of the request, as far as it knows. */
  isCurrent(request: TransactionRequest): boolean
  /** What the coordinator says of the member. */
  isMember(): boolean
  committed(request: TransactionRequest): { readonly offset: number; readonly metadata: string }
  /** @throws HF_TOPIC_MISSING, HF_PARTITION_MISSING */
  checkTakes(record: OutgoingRecord): void
  append(record: OutgoingRecord & { readonly timestamp: number }): unknown
  commit(request: TransactionRequest): void
}

/** The transactional producers of one client: one for each partition. */
export class FakeTransactor {
  readonly #side: ProducerSide
  /** Producers by their id; after a fault an id has none until its next claim. */
  readonly #producers = new Map<string, object>()
  /** Transactions whose commit got no answer. */
  readonly #unresolved = new Set<string>()

  constructor(side: ProducerSide) {
    this.#side = side
  }

  /** Before the start of a partition is read. */
  claim(partition: { readonly topic: string; readonly partition: number }): void {
    const id = this.#idOf(partition)
    const producer = {}
    this.#producers.set(id, producer)
    this.#unresolved.delete(id)
    this.#side.transactions.claim(id, producer)
  }

  async transact(request: TransactionRequest): Promise<TransactionResult> {
    const { transactions, isCurrent, isMember, committed } = this.#side
    const transactionalId = this.#idOf(request)
    const see = (result: TransactionSeen['result']): void =>
      void transactions.seen.push({ ...request, transactionalId, result })
    await nextTurn()
    await transactions.answers.held
    if (!isCurrent(request)) return fenced(request, 'HF_COMMIT_FENCED')
    if (!this.#producers.has(transactionalId)) {
      if (!isMember()) return fenced(request, 'HF_COMMIT_FENCED')
      const wasCommitted = this.#unresolved.has(transactionalId) && isSame(committed(request), request)
      this.claim(request)
      if (wasCommitted) return { status: 'ok' }
    }
    if (!transactions.isOwner(transactionalId, this.#producers.get(transactionalId) as object)) {
      see('fenced')
      return fenced(request, isMember() ? 'HF_TRANSACTIONAL_ID_TAKEN' : 'HF_COMMIT_FENCED')
    }
    const declined = this.#declined(request)
    if (declined !== undefined) {
      see('aborted')
      this.#producers.delete(transactionalId)
      return declined
    }
    const fault = transactions.nextFault()
    const isCommitted = fault === undefined || (fault.step === 'commit' && fault.stored)
    see(isCommitted ? 'committed' : 'aborted')
    if (isCommitted) this.#makeVisible(request)
    if (fault === undefined) return { status: 'ok' }
    this.#producers.delete(transactionalId)
    if (fault.step === 'commit') this.#unresolved.add(transactionalId)
    return { status: 'unknown', error: unresolved(request, fault.step) }
  }

  /** The first output that its topic does not take. */
  #declined(request: TransactionRequest): TransactionResult | undefined {
    for (const output of request.outputs) {
      const reason = this.#side.transactions.refusalOf(output) ?? thrownBy(() => this.#side.checkTakes(output))
      if (reason === undefined) continue
      return { status: 'declined', error: unresolved(request, 'send', reason), reason, outputs: [output] }
    }
    return undefined
  }

  /** Outputs and offset, in one step. */
  #makeVisible(request: TransactionRequest): void {
    for (const record of request.outputs) this.#side.append({ ...record, timestamp: record.timestamp ?? 0 })
    this.#side.commit(request)
  }

  #idOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
    return `${this.#side.prefix}/${topic}/${partition}`
  }
}

function isSame(stored: { readonly offset: number; readonly metadata: string }, request: TransactionRequest): boolean {
  return stored.offset === request.offset && stored.metadata === (request.metadata ?? '')
}

function fenced(
  request: TransactionRequest,
  code: 'HF_COMMIT_FENCED' | 'HF_TRANSACTIONAL_ID_TAKEN',
): TransactionResult {
  const text = `the transaction of ${partitionName(request)}@${request.offset} was fenced.`
  return { status: 'fenced', error: new HoldfastError(code, text) }
}

function unresolved(request: TransactionRequest, step: TransactionStep, cause?: HoldfastError): HoldfastError {
  const text = `the transaction of ${partitionName(request)}@${request.offset} did not succeed at ${step}.`
  return new HoldfastError('HF_TRANSACTION_UNRESOLVED', text, { cause, details: { step } })
}

function thrownBy(check: () => void): HoldfastError | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return error as HoldfastError
  }
}

function bytesOf({ key, value, headers }: OutgoingRecord): number {
  const own = (key?.length ?? 0) + (value?.length ?? 0)
  return headers.reduce((sum, [name, text]) => sum + Buffer.byteLength(name) + (text?.length ?? 0), own)
}
