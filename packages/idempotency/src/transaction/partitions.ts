import { randomUUID } from 'node:crypto'
import { type AssignedPartition, type AttemptCall, partitionName, type TopicPartition } from '@holdfast/core'
import { type RunQuery, retryingConflicts } from '../postgres/postgres-client.ts'
import { progressConflict } from './errors.ts'
import { type Place, type Progress, takeOver, takeOverFree } from './progress.ts'
import type { ProgressStatements } from './tables.ts'

/** A database that does not answer delays an assignment by so much at the most; its records then wait for it. */
const ASSIGN_MS = 3_000
/** Without an answer by then another connection is asked: longer than a transaction holds a partition from its note on. */
const ASK_MS = 15_000

/** The partitions of one process, by what the database knows of them. */
export class Partitions {
  readonly #run: RunQuery
  readonly #statements: ProgressStatements
  readonly #owner: string = randomUUID()
  readonly #known = new Map<string, Progress>()
  readonly #asked = new Map<string, Promise<Progress>>()
  /** Under way: the offset, which is the latest by then. */
  readonly #advancing = new Map<string, number>()
  /** Where partitions of this assignment were moved to whose position was outside their log; not yet in the database. */
  readonly #resets = new Map<string, number>()

  constructor(run: RunQuery, statements: ProgressStatements) {
    this.#run = retryingConflicts(run)
    this.#statements = statements
  }

  /** Partitions were assigned: they begin where the database says, or where it is silent as they would. */
  async startsAt(groupId: string, partitions: readonly AssignedPartition[]): Promise<readonly AssignedPartition[]> {
    for (const { topic, partition } of partitions) {
      const name = nameOf({ groupId, topic, partition })
      this.#known.delete(name)
      this.#resets.delete(name)
    }
    const taken = this.#takeAll(groupId, partitions)
    return Promise.all(
      partitions.map(async (assigned, at) => {
        const progress = await within(ASSIGN_MS, taken[at] as Promise<Progress>).catch(() => undefined)
        if (progress === undefined || progress.position < 0) return assigned
        const { topic, partition, committed } = assigned
        return { topic, partition, committed, position: progress.resetTo ?? progress.position }
      }),
    )
  }

  /**
   * What is known of the partition of an attempt, under the assignment that it runs in.
   * @throws Unavailable where its log is not the one that it is known of
   */
  async of({ groupId, topic, partition, epoch }: AttemptCall): Promise<Progress> {
    const place = { groupId, topic, partition }
    const known = this.#known.get(nameOf(place))
    const isOfThis = known !== undefined && (known.assignment ?? epoch) === epoch
    const progress = isOfThis ? known : await this.#take(place)
    progress.assignment ??= epoch
    if (this.#resets.size > 0 && this.#resets.has(nameOf(place))) await this.#noteReset(place, progress)
    if (progress.resetTo === undefined) return progress
    // To be asked again until somebody has decided.
    this.#known.delete(nameOf(place))
    throw progressConflict(place, progress)
  }

  /** The position of a partition was outside its log. What lies before it was done in another log, or may not have been. */
  reset(groupId: string, { topic, partition }: TopicPartition, to: number): void {
    const name = nameOf({ groupId, topic, partition })
    this.#resets.set(name, to)
    this.#known.delete(name)
  }

  /** Another process has taken the partition over, or something was done that was not known: to be read anew. */
  doubt({ groupId, topic, partition }: AttemptCall): void {
    this.#known.delete(nameOf({ groupId, topic, partition }))
  }

  /** Everything before the offset is settled. It only spares looking later, so what fails is left for the next time. */
  advance(groupId: string, { topic, partition }: TopicPartition, offset: number): void {
    const place = { groupId, topic, partition }
    const name = nameOf(place)
    const progress = this.#known.get(name)
    if (progress === undefined) return
    const isUnderWay = this.#advancing.has(name)
    this.#advancing.set(name, offset)
    if (isUnderWay) return
    progress.forget(offset)
    this.#run(this.#statements.advance, [groupId, topic, partition, progress.epoch, offset])
      .catch(() => undefined)
      .finally(() => {
        const latest = this.#advancing.get(name) ?? offset
        this.#advancing.delete(name)
        if (latest > offset) this.advance(groupId, place, latest)
      })
  }

  /** In the database it outlives this process: by then the log may have grown past the position. */
  async #noteReset(place: Place, progress: Progress): Promise<void> {
    const { groupId, topic, partition } = place
    const to = this.#resets.get(nameOf(place)) as number
    if (progress.position > to) {
      await this.#run(this.#statements.reset, [groupId, topic, partition, progress.epoch, to])
      progress.resetTo = to
      // One that is under way may have read the row before: who waits for it is to see that it is another log.
      await this.#asked.get(nameOf(place))?.catch(() => undefined)
    }
    if (this.#resets.get(nameOf(place)) === to) this.#resets.delete(nameOf(place))
  }

  /** All at once; only one that a transaction holds has statements of its own, with which it waits for that. */
  #takeAll(groupId: string, partitions: readonly TopicPartition[]): readonly Promise<Progress>[] {
    const places = partitions.map(({ topic, partition }) => ({ groupId, topic, partition }))
    const left = places.filter((place) => !this.#asked.has(nameOf(place)))
    const free = takeOverFree(this.#run, this.#statements, groupId, left, this.#owner)
    return places.map((place) =>
      this.#once(place, async () => (await free).get(partitionName(place)) ?? this.#wait(place)),
    )
  }

  #take(place: Place): Promise<Progress> {
    return this.#once(place, () => this.#wait(place))
  }

  #wait(place: Place): Promise<Progress> {
    return takeOver(this.#run, this.#statements, place, this.#owner)
  }

  /** Once for all that ask at the same moment. */
  #once(place: Place, take: () => Promise<Progress>): Promise<Progress> {
    const name = nameOf(place)
    const asked =
      this.#asked.get(name) ??
      within(ASK_MS, take())
        .then((progress) => {
          this.#known.set(name, progress)
          return progress
        })
        .finally(() => this.#asked.delete(name))
    this.#asked.set(name, asked)
    return asked
  }
}

function nameOf(place: Place): string {
  return `${place.groupId} ${partitionName(place)}`
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), ms)
  return Promise.race([work, promise]).finally(() => clearTimeout(timer))
}
