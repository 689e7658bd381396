import { createHash } from 'node:crypto'
import { type AbortReason, type Outcome, UNTRIED } from '../model/outcome.ts'
import type { ConsumerRecord, RecordOrigin } from '../model/record.ts'
import type { OutgoingRecord } from '../ports/driver.ts'
import type { AttemptEvent } from '../ports/events.ts'
import type { Logger } from '../ports/logger.ts'
import type { Delivery } from '../schedule/lane.ts'
import { abortError, foreignRecord } from './attempt-errors.ts'
import { AttemptOutputs } from './attempt-outputs.ts'
import type { CallContext } from './call-context.ts'
import { type Output, outgoingOf } from './output.ts'
import { outputRefused } from './output-refused.ts'
import type { PendingLetter } from './pending-letter.ts'

/** What is known of a record that comes from a retry topic. */
export interface Originals {
  /** How often it was handled in the topics that it has left. */
  attemptsBefore(record: ConsumerRecord): number
  /** Where it was first. */
  originOf(record: ConsumerRecord): RecordOrigin
}

/** What all attempts of a consumer share. */
export interface AttemptScope {
  readonly groupId: string
  readonly handlerTimeoutMs: number
  /** Whether there are transactions for what handlers produce. */
  readonly mayProduce: boolean
  readonly logger: Logger
  readonly memberId: string
  wallNow(): number
  now(): number
  readonly originals: Originals
  /** A record of a batch is done before the attempt ends. */
  settled(context: AttemptContext, record: ConsumerRecord): void
}

/**
 * One attempt as its handler sees it. Signal, logger and deadline are made when they are first asked for: most
 * attempts never do, and they cost more than the rest of the way together.
 */
export class AttemptContext implements CallContext {
  readonly delivery: Delivery
  readonly handler: string
  readonly epoch: number
  /** While it waits for its place, its age instead. */
  #startedMs: number
  #place: 'here' | 'waiting' | 'elsewhere' = 'here'
  #postponedMs = 0
  #threadWaitMs = 0
  readonly #scope: AttemptScope
  #controller: AbortController | undefined
  #aborted: AbortReason | undefined
  #logger: Logger | undefined
  /** By offset, the records of the batch, null where settled; made when the first one is settled by itself. */
  #open: Map<number, ConsumerRecord | null> | undefined
  /** Made when the handler first produces. */
  #outputs: AttemptOutputs | undefined
  #isOver = false
  /** Told that the attempt has to end, while it waits. */
  #whenAborted: (() => void) | undefined
  /** Why it ends where it would have to wait for its place. */
  #calledOff: AbortReason | undefined
  /** Some records of the batch failed, and others did not. */
  isPartlyDone = false
  /** By offset, the dead letters of its records, where they go with the transaction that settles these. */
  letters: ReadonlyMap<number, PendingLetter> | undefined
  /** What the handler took, where the rest of the attempt is known to be something else. */
  handledMs = 0
  isInGate = false

  constructor(scope: AttemptScope, delivery: Delivery, handler: string, epoch: number, startedMs: number) {
    this.#scope = scope
    this.delivery = delivery
    this.handler = handler
    this.epoch = epoch
    this.#startedMs = startedMs
  }

  /** When it began. While it waits for its place it does not age. */
  get startedMs(): number {
    return this.#place === 'waiting' ? this.#scope.now() - this.#startedMs : this.#startedMs
  }

  /** Whether its handler runs in another thread or not yet, and so cannot block this one. */
  get isElsewhere(): boolean {
    return this.#place !== 'here'
  }

  /** How long it has held its slot without ageing, since no thread was free. */
  get threadWaitMs(): number {
    return this.#threadWaitMs
  }

  /** Its handler waits for its place, until `start`; `whenAborted` is called when it need not wait any more. */
  postpone(whenAborted?: () => void): void {
    this.#postponedMs = this.#scope.now()
    this.#startedMs = this.#postponedMs - this.startedMs
    this.#place = 'waiting'
    this.#whenAborted = whenAborted
    if (this.isAborted) whenAborted?.()
    else if (this.#calledOff !== undefined) this.abort(this.#calledOff)
  }

  start(place: 'here' | 'elsewhere'): void {
    this.#startedMs = this.startedMs
    if (place === 'elsewhere') this.#threadWaitMs += this.#scope.now() - this.#postponedMs
    this.#place = place
    this.#whenAborted = undefined
  }

  get attempt(): number {
    return this.delivery.attempt + this.#scope.originals.attemptsBefore(this.first)
  }

  /** Stands by itself, as `settle` does. */
  get originOf(): (record: { readonly offset: number }) => RecordOrigin {
    return ({ offset }) => {
      const record = this.delivery.records.find((each) => each.offset === offset)
      if (record === undefined) throw foreignRecord('originOf', this.first, offset)
      return this.#scope.originals.originOf(record)
    }
  }

  get groupId(): string {
    return this.#scope.groupId
  }

  get memberId(): string {
    return this.#scope.memberId
  }

  get deadline(): Date {
    const remainingMs = this.startedMs + this.#scope.handlerTimeoutMs - this.#scope.now()
    return new Date(this.#scope.wallNow() + remainingMs)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(abortError(this.#aborted, this.first))
    }
    return this.#controller.signal
  }

  get logger(): Logger {
    this.#logger ??= this.#scope.logger.child(this.logFields)
    return this.#logger
  }

  /** What its log lines name. */
  get logFields(): Record<string, unknown> {
    const { topic, partition, offset, key } = this.first
    const keyHash = key === null ? null : createHash('sha256').update(key).digest('hex').slice(0, 12)
    return { topic, partition, offset, keyHash }
  }

  /** The first record of the delivery, which names it in events and logs. */
  get first(): ConsumerRecord {
    return this.delivery.records[0] as ConsumerRecord
  }

  /** What names it in events. */
  get event(): AttemptEvent {
    const { topic, partition, offset } = this.first
    const { epoch, attempt, handler } = this
    return { topic, partition, offset, epoch, attempt, handler }
  }

  holds(offset: number): boolean {
    return this.delivery.records.some((record) => record.offset === offset)
  }

  /** The first record that is not settled; where all are, the first of all. */
  get firstOpen(): ConsumerRecord {
    return this.delivery.records.find((record) => this.isOpen(record)) ?? this.first
  }

  /** Whether the handler has settled a record by itself. */
  get hasSettled(): boolean {
    return this.#open !== undefined
  }

  isOpen({ offset }: { readonly offset: number }): boolean {
    return this.#open?.get(offset) !== null
  }

  /** Stands by itself, so that a handler can take it out of its context. */
  get settle(): (record: { readonly offset: number }) => void {
    return ({ offset }) => this.#settle(offset)
  }

  #settle(offset: number): void {
    if (this.#isOver) return
    this.#open ??= new Map(this.delivery.records.map((record) => [record.offset, record]))
    const record = this.#open.get(offset)
    if (record === undefined) throw foreignRecord('settle', this.first, offset)
    if (record === null) return
    if (this.#outputs?.hasShared === true) throw outputRefused(this.first, 'shared')
    this.#open.set(offset, null)
    this.#scope.settled(this, record)
  }

  /** Stands by itself, as `settle` does. */
  get produce(): CallContext['produce'] {
    return (outputs, from) => this.#produce(outputs, from)
  }

  /** Whether there are transactions for what its handler produces. */
  get mayProduce(): boolean {
    return this.#scope.mayProduce
  }

  #produce(outputs: Output | readonly Output[], from: { readonly offset: number } | undefined): void {
    if (!this.mayProduce) throw outputRefused(this.first, 'no transactions')
    if (this.#isOver) throw outputRefused(this.first, 'too late')
    if (from !== undefined && !this.holds(from.offset)) throw outputRefused(this.first, 'foreign')
    const isSettled = from === undefined ? this.hasSettled : !this.isOpen(from)
    if (isSettled) throw outputRefused(this.first, 'shared')
    const offset = from?.offset ?? (this.delivery.records.length === 1 ? this.first.offset : undefined)
    const list = (Array.isArray(outputs) ? outputs : [outputs]) as readonly Output[]
    this.#outputs ??= new AttemptOutputs()
    this.#outputs.add(list.map(outgoingOf), offset)
  }

  /** Most attempts have none. */
  get hasOutputs(): boolean {
    return this.#outputs !== undefined
  }

  /** Whether outputs stand for the whole delivery, which cannot succeed in parts then. */
  get hasSharedOutputs(): boolean {
    return this.#outputs?.hasShared === true
  }

  /** Takes out what was produced for these records. */
  takeOutputs(done: readonly ConsumerRecord[]): readonly OutgoingRecord[] {
    if (this.#outputs === undefined || done.length === 0) return []
    return this.#outputs.take(new Set(done.map(({ offset }) => offset)))
  }

  /** Whether its handler has come back; what follows from that may take its time. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** The attempt has ended: what its handler still does counts no more. */
  close(): void {
    this.#isOver = true
  }

  get isAborted(): boolean {
    return this.#aborted !== undefined
  }

  /** Why its records are not its own any more, so that nothing follows from its errors; not that it has run for too long. */
  get givenUpBy(): AbortReason | undefined {
    return this.#aborted === 'deadline' ? undefined : this.#aborted
  }

  /** What follows then: a partition that comes back goes on with what had not begun. */
  get endOfGivenUp(): Outcome | undefined {
    const { givenUpBy } = this
    if (givenUpBy !== 'suspended') return givenUpBy && { type: 'aborted', reason: givenUpBy }
    const open = this.delivery.records.filter((record) => this.isOpen(record))
    return { type: 'partial', left: new Map(open.map(({ offset }) => [offset, UNTRIED])) }
  }

  get isCalledOff(): boolean {
    return this.#calledOff !== undefined
  }

  /** Its handler is not to begin any more: where it has not, it ends when it waits for its place, now or later. */
  callOff(reason: AbortReason): void {
    this.#calledOff ??= reason
    if (this.#place === 'waiting') this.abort(reason)
  }

  /** One that has run for too long is still told that its ownership ends: then nothing follows from its error. */
  abort(reason: AbortReason): void {
    if (this.#aborted !== undefined && this.#aborted !== 'deadline') return
    this.#aborted = reason
    this.#controller?.abort(abortError(reason, this.first))
    this.#whenAborted?.()
  }
}
