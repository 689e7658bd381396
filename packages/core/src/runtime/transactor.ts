import type { Clock, Timer } from '../ports/clock.ts'
import type { CommitRequest, Driver, TransactionRequest, TransactionResult } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { PartitionState, Progress } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 10_000

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
}

/** What a transaction says. It is repeated as it is until it is known what became of it. */
interface Sending {
  readonly request: TransactionRequest
  readonly progress: Progress
}

interface Line {
  sending: Sending | undefined
  inFlight: Promise<void> | undefined
  retry: Timer | undefined
  settledSince: number
  failures: number
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
 */
export class Transactor {
  readonly #ports: TransactorPorts
  readonly #lines = new WeakMap<PartitionState, Line>()
  readonly #waiting = new Set<() => void>()
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
    for (const wake of this.#waiting) wake()
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
      if (line.failures > 0) await this.#pause(retryMs(line.failures))
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
    line.sending = this.#next(state)
    if (line.sending === undefined) return
    const { request, progress } = line.sending
    const { transact } = this.#ports.driver() as Required<Driver>
    const result = await transact.call(this.#ports.driver(), request)
    if (state.phase === 'retired') return
    this.#tell(request, result)
    if (result.status === 'ok') return this.#acknowledge(state, line, progress, request.outputs.length)
    if (result.status === 'fenced') return this.#ports.fenced(state, result.error)
    line.failures += 1
    if (!this.#isStopped) line.retry = this.#ports.clock.setTimer(() => void this.#send(state), retryMs(line.failures))
  }

  #acknowledge(state: PartitionState, line: Line, progress: Progress, outputs: number): void {
    line.sending = undefined
    line.failures = 0
    state.acknowledge(progress)
    state.outputs.drop(outputs)
    if (state.queue.holds.has('outputs') && state.outputs.bytes <= this.#ports.maxOutputBytes / 2)
      this.#ports.scheduler.unhold(state.queue, 'outputs')
  }

  /** What to send: what has no answer yet, else all that is new; undefined where that cannot be said. */
  #next(state: PartitionState): Sending | undefined {
    const { sending } = this.#lineOf(state)
    if (sending !== undefined) return sending
    if (!this.#hasNew(state)) return undefined
    const { topic, partition, epoch, progress } = state
    const { offset, metadata, isComplete } = progress
    if (!isComplete) return undefined
    return { request: { topic, partition, epoch, offset, metadata, outputs: state.outputs.all }, progress }
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
    const line = { sending: undefined, inFlight: undefined, retry: undefined, settledSince: 0, failures: 0 }
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

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.clear()
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = this.#ports.clock.setTimer(wake, this.#isStopped ? 0 : delayMs)
      this.#waiting.add(wake)
    })
  }
}

function retryMs(failures: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10))
}
