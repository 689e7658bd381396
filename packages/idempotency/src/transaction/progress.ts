import { partitionName, type TopicPartition } from '@holdfast/core'
import { fieldsOf, type Row, type RunQuery } from '../postgres/postgres-client.ts'
import type { ProgressStatements } from './tables.ts'

/** A partition of a group. */
export interface Place extends TopicPartition {
  readonly groupId: string
}

/**
 * What the database knows of a partition, read when this process became its owner. From then on nobody else's transaction of
 * this partition is committed, for each ends by looking whether the epoch is still its own.
 */
export class Progress {
  readonly epoch: number
  /** Everything before it is done; −1 where nothing is known. */
  readonly position: number
  /** The consumer's epoch that it is for, once the first record has come. */
  assignment: number | undefined
  /** Where its log goes on, which does not reach its position: what is done there nobody knows. */
  resetTo: number | undefined
  readonly #done: Set<number>

  constructor(epoch: number, position: number, resetTo: number | undefined, done: readonly number[]) {
    this.epoch = epoch
    this.position = position
    this.resetTo = resetTo
    this.#done = new Set(done)
  }

  isDone({ offset }: { readonly offset: number }): boolean {
    return offset < this.position || this.#done.has(offset)
  }

  /** Offsets up to it are not asked for any more. */
  forget(before: number): void {
    for (const offset of this.#done) if (offset < before) this.#done.delete(offset)
  }
}

/**
 * Takes partitions of a group over, with a fixed number of statements: their earlier owners' transactions end without effect.
 * One that a transaction holds right now is left out, so that the others need not wait for it.
 */
export async function takeOverFree(
  run: RunQuery,
  statements: ProgressStatements,
  groupId: string,
  places: readonly TopicPartition[],
  owner: string,
): Promise<ReadonlyMap<string, Progress>> {
  if (places.length === 0) return new Map()
  return progressOf(run, statements, groupId, await run(statements.claimFree, [groupId, ...columnsOf(places), owner]))
}

/** Takes one over, and waits for a transaction that holds it. */
export async function takeOver(
  run: RunQuery,
  statements: ProgressStatements,
  { groupId, ...place }: Place,
  owner: string,
): Promise<Progress> {
  const taken = await run(statements.claim, [groupId, place.topic, place.partition, owner])
  return (await progressOf(run, statements, groupId, taken)).get(partitionName(place)) as Progress
}

/** Read after the claim: what the earlier owners have committed is seen now, and they commit nothing more. */
async function progressOf(
  run: RunQuery,
  statements: ProgressStatements,
  groupId: string,
  taken: readonly Row[],
): Promise<ReadonlyMap<string, Progress>> {
  const places = taken.map(placeOf)
  const done = places.length === 0 ? [] : await run(statements.done, [groupId, ...columnsOf(places)])
  const offsets = Map.groupBy(done, (row) => partitionName(placeOf(row)))
  return new Map(
    taken.map((row) => {
      const [, , epoch, position, resetTo] = fieldsOf(row)
      const name = partitionName(placeOf(row))
      const past = offsets.get(name) ?? []
      return [
        name,
        new Progress(
          Number(epoch),
          Number(position),
          resetTo === null ? undefined : Number(resetTo),
          past.map((each) => Number(fieldsOf(each)[2])),
        ),
      ]
    }),
  )
}

function columnsOf(places: readonly TopicPartition[]): [topics: string[], partitions: number[]] {
  return [places.map(({ topic }) => topic), places.map(({ partition }) => partition)]
}

function placeOf(row: Row): TopicPartition {
  const [topic, partition] = fieldsOf(row)
  return { topic: String(topic), partition: Number(partition) }
}
