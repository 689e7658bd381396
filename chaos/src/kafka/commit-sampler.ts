import { setTimeout as sleep } from 'node:timers/promises'
import { partitionName } from '@holdfast/core'
import type { Admin } from 'kafkajs'
// No part of the public face, and rightly so; what a commit covers must be read from what the broker holds.
import { decodeDoneAhead, NOTHING_AHEAD } from '../../../packages/core/src/ledger/done-ahead.ts'
import { type Journal, monotonicMs } from '../history/journal.ts'
import type { Topic } from './clients.ts'

const SAMPLE_MS = 50

/** Asks the broker every 50 ms what the group has committed, and notes what is new. */
export class CommitSampler {
  readonly #admin: Admin
  readonly #groupId: string
  readonly #topics: readonly string[]
  readonly #journal: Journal
  readonly #held = new Map<string, { readonly offset: string; readonly metadata: string | null }>()
  #count = 0
  #longestGapMs = 0
  #lastMs: number | undefined
  #isRunning = false
  #running: Promise<void> = Promise.resolve()

  constructor(admin: Admin, groupId: string, topics: readonly Topic[], journal: Journal) {
    this.#admin = admin
    this.#groupId = groupId
    this.#topics = topics.map(({ name }) => name)
    this.#journal = journal
  }

  start(): void {
    this.#isRunning = true
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#running
    this.#journal.note({ kind: 'sampling', count: this.#count, longestGapMs: this.#longestGapMs })
  }

  /** The committed offset as it was last seen; 0 where there is none. */
  committed(partition: string): number {
    return Math.max(0, Number(this.#held.get(partition)?.offset ?? 0))
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      const askedAt = monotonicMs()
      // A coordinator that is not there yet, or no more, is asked again.
      await this.#sample(askedAt).catch(() => undefined)
      await sleep(Math.max(0, SAMPLE_MS - (monotonicMs() - askedAt)))
    }
  }

  async #sample(askedAt: number): Promise<void> {
    const topics = await this.#admin.fetchOffsets({ groupId: this.#groupId, topics: [...this.#topics] })
    const at = monotonicMs()
    this.#count += 1
    this.#longestGapMs = Math.max(this.#longestGapMs, at - (this.#lastMs ?? at))
    this.#lastMs = at
    for (const { topic, partitions } of topics) {
      for (const { partition, offset, metadata } of partitions) {
        const place = { topic, partition }
        const before = this.#held.get(partitionName(place))
        if (Number(offset) < 0 || (before?.offset === offset && before.metadata === metadata)) continue
        this.#held.set(partitionName(place), { offset, metadata })
        const { doneAhead = NOTHING_AHEAD } = decodeDoneAhead(Number(offset), metadata ?? '', Number.POSITIVE_INFINITY)
        this.#journal.note({ kind: 'sample', ...place, askedAt, offset: Number(offset), doneAhead }, at)
      }
    }
  }
}
