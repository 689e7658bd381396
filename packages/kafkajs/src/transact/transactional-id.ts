import { setTimeout as sleep } from 'node:timers/promises'
import type { CommitResult, MembershipAnswer, TransactionRequest, TransactionResult } from '@holdfast/core'
import { declined, fenced, isFence, OK, refusalOf, refused, taken, unresolved } from './results.ts'
import { TRANSACTION_TIMEOUT_MS, type TransactionalProducer, TransactionFailure } from './transactional-producer.ts'
import { within } from './within.ts'

/** A claim may have to wait until brokers have aborted what an earlier owner left open. */
const CLAIM_LIMIT_MS = 15_000
/** Well within the transaction time-out, so that a fence is never brokers' own doing. */
const RUN_LIMIT_MS = TRANSACTION_TIMEOUT_MS / 2
const SETTLE_LIMIT_MS = 5_000
const VISIBLE_POLL_MS = 20
/** A broker before 4.0 may say that a transaction has ended a moment before it shows the offsets. */
const SECOND_LOOK_MS = 200

type Connection = Pick<TransactionalProducer, 'claim' | 'run' | 'close' | 'abandon'>

export interface TransactionalIdPorts {
  readonly groupId: string
  connect(): Connection
  owns(request: TransactionRequest): boolean
  confirm(): Promise<MembershipAnswer>
  committed(request: TransactionRequest): Promise<{ readonly offset: number; readonly metadata: string }>
}

/**
 * The transactional id of one input partition, and the producer that has claimed it.
 *
 * - After any error there is no producer. The next request claims the id with a new one, by which brokers end what was
 *   open; then the group's offset says whether a commit without an answer had succeeded.
 * - Nobody claims an id anew whom the group does not count in: that would fence the partition's owner.
 * - Fenced, although the group says that the partition is ours: somebody else uses the id. It is not claimed back.
 */
export class TransactionalId {
  readonly id: string
  readonly #ports: TransactionalIdPorts
  #producer: Connection | undefined
  /** On its way to claim the id. */
  #claiming: Connection | undefined
  #inFlight: Promise<unknown> = Promise.resolve()
  /** Its commit was sent, and got no answer. */
  #committing: TransactionRequest | undefined
  /** Brokers answer a commit when they have decided, and show its offset some milliseconds later. */
  #last: TransactionRequest | undefined
  #isFenced = false
  #isEnded = false

  constructor(id: string, ports: TransactionalIdPorts) {
    this.id = id
    this.#ports = ports
  }

  /** Whether the id is ours, and what was under way is over before long, for all to see. */
  async isSettled(): Promise<boolean> {
    if (this.#producer === undefined) return false
    const endMs = performance.now() + SETTLE_LIMIT_MS
    const idle = this.#inFlight.then(() => true)
    const isIdle = await Promise.race([idle, sleep(SETTLE_LIMIT_MS, false, { ref: false })])
    while (isIdle && this.#producer !== undefined && performance.now() < endMs) {
      if (this.#last === undefined || (await this.#isVisible(this.#last).catch(() => false))) return true
      await sleep(VISIBLE_POLL_MS)
    }
    return false
  }

  /** Fences whoever used the id, this process included. */
  async claim(): Promise<void> {
    this.#drop()
    if (this.#isEnded) throw new Error('the membership has ended')
    const producer = this.#ports.connect()
    this.#claiming = producer
    try {
      await within(CLAIM_LIMIT_MS, 'the claim', producer.claim())
      if (this.#claiming !== producer) throw new Error('the membership has ended, or another claim has begun')
    } catch (error) {
      producer.abandon()
      throw refusalOf(error, this.id) ?? passing(error, this.id)
    }
    this.#claiming = undefined
    this.#last = undefined
    this.#producer = producer
    this.#isFenced = false
  }

  transact(request: TransactionRequest): Promise<TransactionResult> {
    const result = this.#inFlight.then(() => this.#transact(request))
    this.#inFlight = result
    return result
  }

  /** The membership is over: nothing more is sent. */
  end(): void {
    this.#isEnded = true
    this.#drop()
  }

  async close(): Promise<void> {
    this.#isEnded = true
    const producer = this.#producer
    this.#producer = undefined
    this.#drop()
    await producer?.close()
  }

  /** What was too large for a topic at once is tried in smaller parts, until it is one record that is. */
  async #transact(request: TransactionRequest): Promise<TransactionResult> {
    for (;;) {
      const result = await this.#transactOnce(request)
      const isDivisible = result.status === 'declined' && result.outputs.length > 1
      if (!isDivisible || result.reason.code !== 'HF_RECORD_TOO_LARGE') return result
    }
  }

  async #transactOnce(request: TransactionRequest): Promise<TransactionResult> {
    try {
      if (!this.#ports.owns(request)) return fenced(request, 'its epoch is over')
      const resolved = await this.#resolve(request)
      if (resolved !== undefined) return resolved
      const isOver = this.#isEnded || this.#producer === undefined || !this.#ports.owns(request)
      return isOver ? fenced(request, 'its epoch is over') : await this.#run(request)
    } catch (error) {
      const refusal = refusalOf(error, this.id)
      return refusal === undefined ? unresolved(request, error) : refused(refusal)
    }
  }

  /** Makes sure that the id is ours, and that nothing of it is open; answers what has become of the request, if anything. */
  async #resolve(request: TransactionRequest): Promise<CommitResult | undefined> {
    if (this.#producer === undefined) {
      const answer = await this.#ports.confirm()
      if (answer === 'fenced') return fenced(request, 'this is no member any more')
      if (answer === 'unknown') throw new Error('the coordinator of the group does not answer')
      if (this.#isFenced) return taken(request, this.id)
      // One that an assignment has begun must not be overtaken: the join would fail.
      if (this.#claiming !== undefined) throw new Error('its id is being claimed')
      if (this.#producer === undefined) await this.claim()
    }
    const { epoch } = this.#committing ?? {}
    if (epoch === request.epoch && (await this.#hasSucceeded(request))) return OK
    this.#committing = undefined
    return undefined
  }

  async #hasSucceeded(request: TransactionRequest): Promise<boolean> {
    for (const delayMs of [0, SECOND_LOOK_MS]) {
      await sleep(delayMs)
      if (!(await this.#isVisible(request))) continue
      this.#committing = undefined
      return true
    }
    return false
  }

  async #isVisible(request: TransactionRequest): Promise<boolean> {
    const { offset, metadata } = await this.#ports.committed(request)
    return offset === request.offset && metadata === (request.metadata ?? '')
  }

  async #run(request: TransactionRequest): Promise<TransactionResult> {
    const producer = this.#producer as Connection
    const startedMs = performance.now()
    try {
      await within(RUN_LIMIT_MS, 'the transaction', producer.run(this.#ports.groupId, request))
      this.#last = request
      return OK
    } catch (error) {
      const isCommitting = !(error instanceof TransactionFailure) || error.step === 'commit'
      if (isCommitting) this.#committing = request
      const isReplaced = this.#producer !== producer
      if (!isReplaced) this.#drop()
      // Brokers end a transaction that was open for too long, as of a process that was frozen.
      const isTimedOut = performance.now() - startedMs >= RUN_LIMIT_MS
      if (isReplaced || this.#isEnded) throw error
      if (isTimedOut || !isFence(error)) return this.#failed(request, error)
      this.#isFenced = true
      return (await this.#resolve(request)) ?? fenced(request, 'another producer has claimed its id')
    }
  }

  /** Of a transaction that is not a fence's. */
  #failed(request: TransactionRequest, error: unknown): TransactionResult {
    const isTopics = error instanceof TransactionFailure && refusalOf(error, this.id) === undefined
    if (!isTopics || error.declined === undefined) throw error
    return declined(request, error, error.declined)
  }

  #drop(): void {
    // One that goes on trying could fence the next owner.
    this.#claiming?.abandon()
    this.#claiming = undefined
    this.#producer?.abandon()
    this.#producer = undefined
  }
}

/** kafkajs counts what it has tried often enough as final, and with it would end the consumer that waits for the claim. */
function passing(cause: unknown, transactionalId: string): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const error = new Error(`the transactional id ${transactionalId} could not be claimed: ${reason}`, { cause })
  return Object.assign(error, { retriable: true })
}
