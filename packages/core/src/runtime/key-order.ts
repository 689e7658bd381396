import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import type { Moved } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { partitionName, type TopicPartition } from '../model/topic-partition.ts'
import type { AttemptContext } from '../pipeline/attempt-context.ts'
import { backoffMs } from '../policy/backoff.ts'
import type { NextRetryTopic } from '../policy/failure.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Driver, DriverLogs } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { LaneKey } from '../schedule/ordering.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import { KeysBehind, type Standing } from '../state/keys-behind.ts'
import type { PartitionState } from '../state/partition-state.ts'
import type { Partitions } from '../state/partitions.ts'

/** How often is looked how far the group has come in retry topics, while any key waits for that. */
const LOOK_MS = 1_000
const BACKOFF = { retryBackoffMs: 1_000, retryBackoffMaxMs: 30_000 }

export interface KeyOrderPorts {
  readonly partitions: Partitions
  readonly scheduler: Scheduler
  readonly events: Events
  readonly clock: Clock
  random(): number
  driver(): Driver
  /** The retry topics after this topic in which earlier records of its keys may be. */
  after(topic: string): readonly NextRetryTopic[]
  /** What names the lane of a record, in whichever topic of its chain; undefined where it waits for no other. */
  laneKeyOf(record: ConsumerRecord): LaneKey | undefined
  react(): void
}

/** A partition with later topics in its chain. */
interface Followed {
  readonly state: PartitionState
  readonly next: NextRetryTopic
  /** The partitions of its number in the later topics, whoever owns them. */
  readonly levels: readonly TopicPartition[]
  readonly behind: KeysBehind
  /** Whether all is known that was there before this assignment. */
  isKnown: boolean
}

/**
 * Keeps the order of keys over retry topics: while a record of a key is in a later topic, the next ones go behind it.
 *
 * - A new assignment of a partition runs nothing until the later topics were read for what is not settled there.
 * - Whoever else has moved a record has had its acknowledgement before that was committed, so that it is found then. What
 *   a member that is no longer the owner writes after that are records that the owner of now handles itself: repeats.
 */
export class KeyOrder {
  readonly #ports: KeyOrderPorts
  readonly #followed = new WeakMap<PartitionState, Followed>()
  readonly #timers = new Set<Timer>()
  /** Whether a look is under way, or due. */
  #isLooking = false
  #failures = 0
  /** Most consumers never need to look. */
  #isNeeded = false
  #isStopped = false

  constructor(ports: KeyOrderPorts) {
    this.#ports = ports
  }

  /** A partition is owned from now on. */
  own(state: PartitionState): void {
    const later = this.#ports.after(state.topic)
    const [next] = later
    if (next === undefined) return
    const levels = later.map(({ topic }) => ({ topic, partition: state.partition }))
    const followed = { state, next, levels, behind: new KeysBehind(), isKnown: false }
    this.#followed.set(state, followed)
    this.#isNeeded = true
    this.#ports.scheduler.hold(state.queue, 'key order')
    void this.#find(followed, 0)
  }

  /** Where a record goes without a call of its handler, since one of its key is in a later topic; undefined where none is. */
  outcomeOf({ first }: AttemptContext, state: PartitionState): Moved | undefined {
    const followed = this.#isNeeded ? this.#followed.get(state) : undefined
    if (followed === undefined || followed.behind.size === 0) return undefined
    const key = this.#ports.laneKeyOf(first)
    const behindSinceMs = key === undefined ? undefined : followed.behind.sinceOf(key)
    if (behindSinceMs === undefined) return undefined
    return { type: 'moved', ...followed.next, error: undefined, keepsOrder: true, behindSinceMs }
  }

  /** A record is in the next topic, with this time stamp. */
  noteMove(record: ConsumerRecord, state: PartitionState, timestamp: number): void {
    const key = this.#ports.laneKeyOf(record)
    if (key === undefined) return
    this.#followed.get(state)?.behind.noteMove(key, timestamp)
    this.#lookLater(LOOK_MS)
  }

  /** How many keys are behind; undefined where none can be. */
  countBehind(state: PartitionState): number | undefined {
    return this.#followed.get(state)?.behind.size
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) timer.clear()
  }

  /** Reads which keys are in later topics; until it is known nothing of the partition runs. */
  async #find(followed: Followed, failures: number): Promise<void> {
    const { scheduler, react } = this.#ports
    const { queue } = followed.state
    try {
      await this.#read(followed)
      if (!this.#isOwned(followed)) return
      followed.isKnown = true
      scheduler.unhold(queue, 'key order')
      if (failures > 0) scheduler.unhold(queue, 'retry topic')
      if (followed.behind.size > 0) this.#lookLater(LOOK_MS)
      react()
    } catch (error) {
      if (!this.#isOwned(followed)) return
      followed.behind.clear()
      scheduler.hold(queue, 'retry topic')
      const retryInMs = this.#tell(error, [followed], failures + 1)
      this.#after(retryInMs, () => void this.#find(followed, failures + 1))
    }
  }

  async #read({ levels, behind }: Followed): Promise<void> {
    const standings = await this.#logs.standings(levels)
    for (const [level, partition] of [...levels.entries()].reverse()) {
      const { settled, end } = standings[level] as Standing
      if (settled >= end) continue
      for await (const records of this.#logs.read(partition, settled, end)) {
        for (let index = 0; index < records.length; index += 1) {
          const record = records.at(index)
          const key = this.#ports.laneKeyOf(record)
          if (key !== undefined) behind.noteFound(key, level, end, record.timestamp)
        }
      }
    }
  }

  get #logs(): DriverLogs {
    const { logs } = this.#ports.driver()
    if (logs !== undefined) return logs
    throw new HoldfastError('HF_PROMISE_CONFLICT', 'the driver cannot look into logs.\n  Fix: remove keepOrder.')
  }

  #isOwned({ state }: Followed): boolean {
    return !this.#isStopped && this.#ports.partitions.at(state, state.epoch) === state
  }

  #lookLater(inMs: number): void {
    if (this.#isLooking || this.#isStopped) return
    this.#isLooking = true
    this.#after(inMs, () => void this.#look())
  }

  #after(inMs: number, callback: () => void): void {
    const timer = this.#ports.clock.setTimer(() => {
      this.#timers.delete(timer)
      callback()
    }, inMs)
    this.#timers.add(timer)
  }

  async #look(): Promise<void> {
    const waiting = this.#waiting()
    let nextMs = LOOK_MS
    try {
      const moves = waiting.map(({ behind }) => behind.moves)
      const standings = await this.#logs.standings(waiting.flatMap(({ levels }) => levels))
      let at = 0
      for (const [index, { levels, behind }] of waiting.entries()) {
        behind.look(standings.slice(at, at + levels.length), moves[index] as number)
        at += levels.length
      }
      this.#failures = 0
    } catch (error) {
      this.#failures += 1
      const owned = waiting.filter((followed) => this.#isOwned(followed))
      if (owned.length > 0) nextMs = this.#tell(error, owned, this.#failures)
    }
    this.#isLooking = false
    if (this.#waiting().length > 0) this.#lookLater(nextMs)
  }

  #waiting(): Followed[] {
    return [...this.#ports.partitions].flatMap((state) => {
      const followed = this.#followed.get(state)
      return followed?.isKnown && followed.behind.size > 0 ? [followed] : []
    })
  }

  /** Answers when it is tried again. */
  #tell(cause: unknown, followed: readonly Followed[], failures: number): number {
    const retryInMs = backoffMs(failures, BACKOFF, this.#ports.random())
    for (const each of followed) {
      const error = unknown(cause, each)
      this.#ports.events.emit('keyorder:failed', { ...each.state.name, error, retryInMs })
    }
    return retryInMs
  }
}

function unknown(cause: unknown, { state, levels, isKnown }: Followed): HoldfastError {
  const { topic, partition } = state
  const what = isKnown ? 'its keys that are there go on waiting' : 'it runs nothing until then'
  return new HoldfastError(
    'HF_KEY_ORDER_UNKNOWN',
    `${partitionName(state)} keeps the order of its keys, and what waits in ${levels.map(partitionName).join(', ')} cannot be looked up (${describeError(cause)}): ${what}.\n  Fix: see the cause; a retry topic needs at least as many partitions as ${topic}, and the service READ and DESCRIBE for it.`,
    { cause, details: { topic, partition } },
  )
}
