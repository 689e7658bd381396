import { type AssignedPartition, partitionName } from '../model/topic-partition.ts'
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

/** The handler of a topic that the consumer is assigned; throws where there is not one. */
type HandlerOf = (topic: string) => HandlerDefinition

interface Use {
  readonly traits: MiddlewareTraits
  readonly around: ReadonlySet<HandlerDefinition> | undefined
}

/** Has all middleware start that has something to do before the first record comes, each once. */
export async function startMiddleware(used: Used, logger: Logger): Promise<void> {
  await Promise.all(allTraits(used).map((traits) => traits.start?.(logger)))
}

/** Tells middleware that keeps progress itself how far the group is with what it stands around, and where a log is another one. */
export function tellProgress(used: Used, events: Events, handlerOf: HandlerOf): void {
  const { groupId } = used
  for (const use of usesOf(used)) {
    const { committed, reset } = use.traits
    if (committed !== undefined)
      events.on('commit:ok', ({ offsets }) => {
        for (const { topic, partition, offset } of offsets)
          if (isAround(use, topic, handlerOf)) committed.call(use.traits, groupId, { topic, partition }, offset)
      })
    if (reset !== undefined)
      events.on('partition:reset', ({ topic, partition, to }) => {
        if (isAround(use, topic, handlerOf)) reset.call(use.traits, groupId, { topic, partition }, to)
      })
  }
}

/** Where partitions begin by what the middleware of their handlers keeps; undefined where none keeps anything. */
export function startsByMiddleware(used: Used, handlerOf: HandlerOf): StartsAt | undefined {
  const asked = usesOf(used).filter(({ traits }) => traits.startsAt !== undefined)
  if (asked.length === 0) return undefined
  return async (partitions) => {
    let starts: readonly AssignedPartition[] = partitions
    for (const use of asked) {
      const theirs = starts.filter(({ topic }) => isAround(use, topic, handlerOf))
      if (theirs.length === 0) continue
      const answered = (await use.traits.startsAt?.(used.groupId, theirs)) ?? theirs
      const byName = new Map(answered.map((start) => [partitionName(start), start]))
      starts = starts.map((start) => byName.get(partitionName(start)) ?? start)
    }
    return starts
  }
}

/** Whether attempts of this consumer let other ones begin in their slots while they wait. */
export function lendsSlots(used: Used): boolean {
  return allTraits(used).some(({ lendsSlot }) => lendsSlot === true)
}

function allTraits(used: Used): MiddlewareTraits[] {
  return usesOf(used).map(({ traits }) => traits)
}

/** Each middleware once, with the handlers that it stands around; undefined where that is all of them. */
function usesOf({ use, handlers }: Used): Use[] {
  const all = new Set([...use, ...handlers.flatMap(({ options }) => options.use ?? [])])
  return [...all].map((middleware) => ({
    traits: traitsOf(middleware),
    around: use.includes(middleware)
      ? undefined
      : new Set(handlers.filter(({ options }) => options.use?.includes(middleware) === true)),
  }))
}

/** A topic that two handlers claim ends the run when its partitions begin, and nothing of it is handled. */
function isAround({ around }: Use, topic: string, handlerOf: HandlerOf): boolean {
  if (around === undefined) return true
  try {
    return around.has(handlerOf(topic))
  } catch {
    return false
  }
}
