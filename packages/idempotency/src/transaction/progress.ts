import type { RunQuery } from '../postgres/postgres-client.ts'
import type { ProgressStatements } from './tables.ts'

/** A partition of a group. */
export interface Place {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
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
  readonly #done: Set<number>

  constructor(epoch: number, position: number, done: readonly number[]) {
    this.epoch = epoch
    this.position = position
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

/** Takes a partition over: its earlier owner's transactions end without effect. */
export async function takeOver(
  run: RunQuery,
  statements: ProgressStatements,
  place: Place,
  owner: string,
): Promise<Progress> {
  const key = [place.groupId, place.topic, place.partition]
  const [row] = await run(statements.claim, [...key, owner])
  // In this order: what the earlier owner has committed is seen now, and it commits nothing more.
  const done = await run(statements.done, key)
  return new Progress(
    Number(row?.epoch),
    Number(row?.position),
    done.map(({ offset }) => Number(offset)),
  )
}
