import { firstAtLeast } from './ascending.ts'
import { FREE, type Layout, type TopicLayout } from './layout.ts'

/** In an array of claims: somebody owns the partition, but nobody may keep it for that. */
export const DISPUTED = -2

interface Claims {
  readonly owners: Int32Array
  /** The generation of the best claim to each partition so far. */
  readonly generations: Int32Array
}

const NO_GENERATION = -2

/**
 * Whose claim to each partition holds: of several the one of the latest generation, and of several in that generation
 * none. A claim to a partition that does not exist is nothing, and one to a topic that its member does not subscribe to
 * any more keeps nothing.
 */
export function settleClaims({ members, topics, total }: Layout): Int32Array {
  const claims = {
    owners: new Int32Array(total).fill(FREE),
    generations: new Int32Array(total).fill(NO_GENERATION),
  }
  const byName = new Map(topics.map((topic) => [topic.name, topic]))
  for (const [member, { owned, generationId }] of members.entries()) {
    let topic: TopicLayout | undefined
    let mayKeep = false
    for (const { topic: name, partition } of owned) {
      if (name !== topic?.name) {
        topic = byName.get(name)
        mayKeep = topic !== undefined && isSubscribed(topic, member)
      }
      if (topic === undefined || partition < 0 || partition >= topic.count) continue
      const id = topic.first + partition
      if (mayKeep) claim(claims, id, member, Math.max(generationId, -1))
      else if (claims.owners[id] === FREE) claims.owners[id] = DISPUTED
    }
  }
  return claims.owners
}

function claim({ owners, generations }: Claims, id: number, member: number, generation: number): void {
  const best = generations[id] as number
  if (generation < best || owners[id] === member) return
  owners[id] = generation === best ? DISPUTED : member
  generations[id] = generation
}

function isSubscribed({ subscribers }: TopicLayout, member: number): boolean {
  return subscribers[firstAtLeast(subscribers, member)] === member
}
