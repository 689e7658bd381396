import type { Progress } from '../model/progress.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { CommitRequest, CommitResult, Driver } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

const MAX_RETRY_MS = 10_000

export interface CommitInterval {
  readonly records: number
  readonly ms: number
}

export interface CommitterPorts {
  readonly partitions: Partitions
  readonly events: Events
  readonly clock: Clock
  readonly interval: CommitInterval
  driver(): Driver
  /** The broker says that these epochs are over. */
  fenced(states: readonly PartitionState[]): void
}

/**
 * Commits what the ledgers say may be committed.
 *
 * Invariants
 * - One request is in flight; it carries every partition that has something new, so there is one per partition.
 * - An offset and what is done past it are taken from the ledger at the instant of the request, and never lower what was
 *   acknowledged.
 * - What settles while a request is in flight is not in it: the next request compares the ledger with what was
 *   acknowledged, so no flag can be cleared too early.
 * - After `doubt` nothing is sent before the coordinator has confirmed the membership.
 * - `unknown` is repeated under the same epoch, with back-off; `fenced` is never repeated.
 */
export class Committer {
  readonly #partitions: Partitions
  readonly #driver: () => Driver
  readonly #events: Events
  readonly #clock: Clock
  readonly #interval: CommitInterval
  readonly #fenced: (states: readonly PartitionState[]) => void
  #inFlight: Promise<void> | undefined
  #timer: Timer | undefined
  #settledSince = 0
  #failures = 0
  #isStopped = false
  #isDoubtful = false
  readonly #paused = new Set<() => void>()

  constructor(ports: CommitterPorts) {
    this.#partitions = ports.partitions
    this.#driver = ports.driver
    this.#events = ports.events
    this.#clock = ports.clock
    this.#interval = ports.interval
    this.#fenced = ports.fenced
  }

  /** Requests without an answer, one after another, until now. */
  get failures(): number {
    return this.#failures
  }

  /** Records were settled; a commit follows by count or by time. */
  noteSettled(count: number, _state?: PartitionState): void {
    this.#settledSince += count
    if (this.#settledSince >= this.#interval.records && this.#inFlight === undefined && this.#failures === 0) {
      void this.#send()
    } else if (this.#timer === undefined) {
      this.#arm(this.#interval.ms)
    }
  }

  /** Commits until these partitions have nothing new, a request fails, or they are retired. */
  async flush(states: Iterable<PartitionState>): Promise<void> {
    const list = [...states]
    await this.#inFlight
    // One that has left without being retired is not sent any more: waiting for it would never end.
    const isWaiting = (state: PartitionState): boolean =>
      hasNew(state) && this.#partitions.at(state, state.epoch) === state
    while (list.some(isWaiting)) {
      const failures = this.#failures
      await this.#send()
      if (this.#failures > failures) return
    }
  }

  /** Commits until the broker has acknowledged `offset`; false where the epoch ends before. */
  async commitThrough(state: PartitionState, offset: number): Promise<boolean> {
    while (!isRetired(state) && state.committed < offset) {
      await (this.#inFlight ?? this.#send())
      if (state.committed < offset && this.#failures > 0) await this.#pause(this.#retryMs())
    }
    return !isRetired(state)
  }

  /** This process may have been away for so long that the group has gone on without it. */
  doubt(): void {
    this.#isDoubtful = true
  }

  /** One timer stands for all partitions. */
  retired(_state: PartitionState): void {}

  /** Ends every timer; what waits for a commit finds its epoch ended. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.clear()
    for (const wake of this.#paused) wake()
  }

  #tick(): void {
    this.#timer = undefined
    if (this.#inFlight === undefined) void this.#send()
    else this.#arm(this.#interval.ms)
  }

  #arm(delayMs: number): void {
    this.#timer?.clear()
    this.#timer = this.#isStopped ? undefined : this.#clock.setTimer(() => this.#tick(), delayMs)
  }

  #send(): Promise<void> {
    this.#inFlight ??= this.#commitAll().finally(() => {
      this.#inFlight = undefined
    })
    return this.#inFlight
  }

  async #commitAll(): Promise<void> {
    this.#settledSince = 0
    const states = [...this.#partitions].filter(hasNew)
    if (states.length === 0) {
      // What got no answer has gone to another member.
      this.#failures = 0
      return
    }
    if (this.#isDoubtful && !(await this.#confirm())) return
    const progress = states.map((state) => state.progress)
    const requests = states.map((state, index) => requestOf(state, progress[index] as Progress))
    const results = await this.#driver().commit(requests)
    for (const [index, state] of states.entries()) {
      if (results[index]?.status === 'ok') state.acknowledge(progress[index] as Progress)
    }
    this.#report(requests, results)
    this.#fenced(states.filter((_, index) => results[index]?.status === 'fenced'))
  }

  /** What is fenced has been lost by now, so that there is nothing to commit any more. */
  async #confirm(): Promise<boolean> {
    const answer = await this.#driver().confirm()
    this.#isDoubtful = answer === 'unknown'
    if (!this.#isDoubtful) {
      this.#failures = 0
      return answer === 'member'
    }
    this.#failures += 1
    this.#arm(this.#retryMs())
    return false
  }

  #report(requests: readonly CommitRequest[], results: readonly CommitResult[]): void {
    const having = (status: CommitResult['status']): CommitRequest[] =>
      requests.filter((_, index) => results[index]?.status === status)
    const errorOf = (status: 'fenced' | 'unknown') =>
      results.find((result): result is Exclude<CommitResult, { status: 'ok' }> => result.status === status)?.error
    const [ok, fenced, unknown] = [having('ok'), having('fenced'), having('unknown')]
    const [fencedBy, unknownBy] = [errorOf('fenced'), errorOf('unknown')]
    if (ok.length > 0) this.#events.emit('commit:ok', { offsets: ok })
    if (fencedBy !== undefined) this.#events.emit('commit:fenced', { offsets: fenced, error: fencedBy })
    this.#failures = unknownBy === undefined ? 0 : this.#failures + 1
    if (unknownBy === undefined) return
    this.#events.emit('commit:unknown', { offsets: unknown, error: unknownBy })
    this.#arm(this.#retryMs())
  }

  #retryMs(): number {
    return Math.min(MAX_RETRY_MS, this.#interval.ms * 2 ** Math.min(this.#failures, 10))
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.clear()
        this.#paused.delete(wake)
        resolve()
      }
      const timer = this.#clock.setTimer(wake, this.#isStopped ? 0 : delayMs)
      this.#paused.add(wake)
    })
  }
}

function hasNew(state: PartitionState): boolean {
  return !isRetired(state) && state.hasNew
}

function isRetired(state: PartitionState): boolean {
  return state.phase === 'retired'
}

function requestOf({ topic, partition, epoch }: PartitionState, { offset, metadata }: Progress): CommitRequest {
  return { topic, partition, epoch, offset, metadata }
}
