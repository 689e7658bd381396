import type { AssignedPartition } from '../model/topic-partition.ts'
import type { StartsAt } from '../ports/driver.ts'
import type { Events } from '../ports/events.ts'
import type { Logger } from '../ports/logger.ts'
import type { HandlerDefinition } from './handler.ts'
import { type AnyMiddleware, type MiddlewareTraits, traitsOf } from './middleware.ts'

export interface Used {
  readonly groupId: string
  readonly use: readonly AnyMiddleware[]
  readonly handlers: readonly HandlerDefinition[]
}

/** Has all middleware start that has something to do before the first record comes, each once. */
export async function startMiddleware(used: Used, logger: Logger): Promise<void> {
  await Promise.all(allTraits(used).map((traits) => traits.start?.(logger)))
}

/** Tells middleware that keeps progress itself how far the group is, and where a log is not what it was. */
export function tellProgress(used: Used, events: Events): void {
  const { groupId } = used
  for (const traits of allTraits(used)) {
    if (traits.committed !== undefined)
      events.on('commit:ok', ({ offsets }) => {
        for (const { topic, partition, offset } of offsets) traits.committed?.(groupId, { topic, partition }, offset)
      })
    if (traits.reset !== undefined)
      events.on('partition:reset', ({ topic, partition, to }) => traits.reset?.(groupId, { topic, partition }, to))
  }
}

/** Where partitions begin by what middleware keeps; undefined where none keeps anything. */
export function startsByMiddleware(used: Used): StartsAt | undefined {
  const asked = allTraits(used).filter(({ startsAt }) => startsAt !== undefined)
  if (asked.length === 0) return undefined
  return async (partitions) => {
    let starts: readonly AssignedPartition[] = partitions
    for (const traits of asked) starts = (await traits.startsAt?.(used.groupId, starts)) ?? starts
    return starts
  }
}

/** Whether attempts of this consumer let other ones begin in their slots while they wait. */
export function lendsSlots(used: Used): boolean {
  return allTraits(used).some(({ lendsSlot }) => lendsSlot === true)
}

function allTraits({ use, handlers }: Used): MiddlewareTraits[] {
  return [...new Set([...use, ...handlers.flatMap(({ options }) => options.use ?? [])])].map(traitsOf)
}
