import type { HoldfastError } from '../errors/holdfast-error.ts'
import type { PendingLetter } from '../pipeline/pending-letter.ts'
import {
  clearTimers,
  type Line,
  newLine,
  type Refused,
  retryMs,
  type Sending,
  sendingOf,
} from '../pipeline/transaction-line.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { CommitRequest, Driver, TransactionRequest, TransactionResult } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

export interface TransactorPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  readonly interval: { readonly records: number; readonly ms: number }
  readonly maxOutputBytes: number
  driver(): Driver
  /** The epoch is over; or with an error that is final for the consumer, all of them are. */
  fenced(state: PartitionState, error: Error): void
  /** A partition is held, or goes on. */
  react(): void
}

/**
 * Commits what the ledgers say may be committed, in transactions, together with what handlers have produced.
 *
 * Invariants
 * - Of a partition one transaction is in flight; partitions do not wait for one another.
 * - Offset, what is done past it, and the outputs of all that is settled are taken at one instant. What is not said as done
 *   would run again, and its outputs would come twice: a text that cannot say all of it waits, and its partition with it
 *   (`metadata`, `runtime/hold-back.ts`).
 * - Outputs stay in memory until the transaction is acknowledged. One without an answer is repeated as it was, with no
 *   handler called again; the driver finds out whether it had succeeded.
 * - Dead letters are among the outputs. One that its topic does not take is tried again after pauses; meanwhile its partition
 *   takes on nothing more, and what could be committed before its record was settled is. Nothing that settled later goes first:
 *   after a crash the record is handled again, and would follow records of its key that came after it.
 */
export class Transactor {
  readonly #ports: TransactorPorts
  readonly #lines = new WeakMap<PartitionState, Line>()
  #timer: Timer | undefined
  #isStopped = false

  constructor(ports: TransactorPorts) {
    this.#ports = ports
  }

  /** Transactions of one partition without success, one after another, until now. */
  get failures(): number {
    return [...this.#ports.partitions].reduce((most, state) => Math.max(most, this.#lineOf(state).failures), 0)
  }

  /** Records were settled; a transaction follows by count, by time, or by what their outputs take. */
  noteSettled(count: number, state?: PartitionState): void {
    if (state !== undefined) {
      const line = this.#lineOf(state)
      line.settledSince += count
      if (this.#isFull(state)) this.#ports.scheduler.hold(state.queue, 'outputs')
      if (this.#isDue(state, line)) void this.#send(state)
    }
    this.#timer ??= this.#isStopped
      ? undefined
      : this.#ports.clock.setTimer(() => this.#tick(), this.#ports.interval.ms)
  }

  /** Commits until these partitions have nothing new, or are retired; what fails is tried again. */
  async flush(states: Iterable<PartitionState>): Promise<void> {
    await Promise.all([...states].map((state) => this.#flush(state)))
  }

  /** Only what is committed before it runs asks for this, and then nothing is transactional. */
  async commitThrough(state: PartitionState): Promise<boolean> {
    await this.#flush(state)
    return state.phase !== 'retired'
  }

  /** The id of a partition is fenced by its next owner, so that there is nothing to ask after a long absence. */
  doubt(): void {}

  stop(): void {
    this.#isStopped = true
    this.#timer?.clear()
    for (const state of this.#ports.partitions) this.retired(state)
  }

  /** Its epoch is over: a transaction under way may end, and no other begins. */
  retired(state: PartitionState): void {
    clearTimers(this.#lineOf(state))
  }

  #tick(): void {
    this.#timer = undefined
    let isLeft = false
    for (const state of this.#ports.partitions) {
      if (!this.#hasNew(state)) continue
      isLeft = true
      const { inFlight, failures } = this.#lineOf(state)
      if (inFlight === undefined && failures === 0) void this.#send(state)
    }
    if (isLeft) this.noteSettled(0)
  }

  async #flush(state: PartitionState): Promise<void> {
    const isHere = (): boolean => this.#ports.partitions.at(state, state.epoch) === state
    const line = this.#lineOf(state)
    await line.inFlight
    while (isHere() && !this.#isStopped && this.#hasNew(state) && this.#next(state) !== undefined) {
      if (line.failures > 0) await this.#pause(line, retryMs(line.failures))
      await this.#send(state)
    }
  }

  #send(state: PartitionState): Promise<void> {
    const line = this.#lineOf(state)
    line.retry?.clear()
    line.inFlight ??= this.#transact(state, line).finally(() => {
      line.inFlight = undefined
      if (this.#isDue(state, line)) void this.#send(state)
    })
    return line.inFlight
  }

  async #transact(state: PartitionState, line: Line): Promise<void> {
    line.settledSince = 0
    for (let goesOn = true; goesOn && !this.#isStopped; ) goesOn = await this.#attempt(state, line)
  }

  /** One transaction; answers whether another one is to follow at once. */
  async #attempt(state: PartitionState, line: Line): Promise<boolean> {
    line.sending = this.#next(state)
    if (line.sending === undefined) return false
    const { request } = line.sending
    const { transact } = this.#ports.driver() as Required<Driver>
    const result = await transact.call(this.#ports.driver(), request)
    if (state.phase === 'retired') return this.#endLate(result, line.sending, state, line)
    const letter = result.status === 'declined' ? state.outputs.letterAmong(result.outputs) : undefined
    if (result.status === 'declined' && letter !== undefined) return this.#refuse(letter, result.reason, state, line)
    this.#tell(request, result)
    if (result.status === 'ok') this.#acknowledge(line.sending, state, line)
    else if (result.status === 'fenced') this.#ports.fenced(state, result.error)
    else this.#repeat(state, line)
    return false
  }

  /** The epoch has ended meanwhile. What has become visible in its last transaction nobody else will tell. */
  #endLate(result: TransactionResult, { request }: Sending, state: PartitionState, line: Line): boolean {
    line.sending = undefined
    if (result.status !== 'ok') return false
    this.#tell(request, result)
    for (const letter of state.outputs.drop(request.outputs.length)) letter.visible()
    return false
  }

  #repeat(state: PartitionState, line: Line): void {
    line.failures += 1
    if (!this.#isStopped) line.retry = this.#ports.clock.setTimer(() => void this.#send(state), retryMs(line.failures))
  }

  /** A topic did not take a letter: it gets less of it where that may help, and is asked again after a pause otherwise. */
  #refuse(letter: PendingLetter, reason: HoldfastError, state: PartitionState, line: Line): boolean {
    const { clock, scheduler, react } = this.#ports
    line.sending = undefined
    line.failures = 0
    if (reason.code === 'HF_RECORD_TOO_LARGE' && state.outputs.shrink(letter)) return true
    line.refusals += 1
    line.refused?.pause?.clear()
    const refused: Refused = { letter, pause: undefined }
    refused.pause = clock.setTimer(
      () => {
        refused.pause = undefined
        void this.#send(state)
      },
      letter.refused(reason, line.refusals),
    )
    line.refused = refused
    scheduler.hold(state.queue, 'dead letter')
    react()
    return true
  }

  #acknowledge({ request, progress }: Sending, state: PartitionState, line: Line): void {
    const { scheduler, maxOutputBytes, react } = this.#ports
    line.sending = undefined
    line.failures = 0
    state.acknowledge(progress)
    const letters = state.outputs.drop(request.outputs.length)
    if (line.refused !== undefined && letters.includes(line.refused.letter)) {
      line.refused = undefined
      line.refusals = 0
      scheduler.unhold(state.queue, 'dead letter')
    }
    if (state.queue.holds.has('outputs') && state.outputs.bytes <= maxOutputBytes / 2)
      scheduler.unhold(state.queue, 'outputs')
    for (const letter of letters) letter.visible()
    react()
  }

  /** What to send: what has no answer yet, else all that is new; undefined where that cannot be said. */
  #next(state: PartitionState): Sending | undefined {
    if (state.phase === 'retired') return undefined
    const { sending, refused } = this.#lineOf(state)
    if (sending !== undefined) return sending
    if (!this.#hasNew(state)) return undefined
    if (refused?.pause === undefined) return sendingOf(state, { outputs: state.outputs.all, progress: state.progress })
    const earlier = state.outputs.before(refused.letter)
    if (earlier === undefined) return undefined
    const isNew = earlier.outputs.length > 0 || state.lacks(earlier.progress)
    return isNew ? sendingOf(state, earlier) : undefined
  }

  #tell({ topic, partition, epoch, offset, metadata = '' }: TransactionRequest, result: TransactionResult): void {
    const { events } = this.#ports
    const offsets: CommitRequest[] = [{ topic, partition, epoch, offset, metadata }]
    if (result.status === 'ok') return events.emit('commit:ok', { offsets })
    events.emit(result.status === 'fenced' ? 'commit:fenced' : 'commit:unknown', { offsets, error: result.error })
  }

  #lineOf(state: PartitionState): Line {
    const known = this.#lines.get(state)
    if (known !== undefined) return known
    const line = newLine()
    this.#lines.set(state, line)
    return line
  }

  #hasNew(state: PartitionState): boolean {
    return state.phase !== 'retired' && state.hasNew
  }

  #isDue(state: PartitionState, { inFlight, failures, settledSince }: Line): boolean {
    if (inFlight !== undefined || failures > 0 || this.#isStopped || !this.#hasNew(state)) return false
    return settledSince >= this.#ports.interval.records || (settledSince > 0 && this.#isFull(state))
  }

  #isFull({ outputs }: PartitionState): boolean {
    return outputs.bytes >= this.#ports.maxOutputBytes
  }

  #pause({ waits }: Line, delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.clear()
        waits.delete(wake)
        resolve()
      }
      const timer = this.#ports.clock.setTimer(wake, this.#isStopped ? 0 : delayMs)
      waits.add(wake)
    })
  }
}
