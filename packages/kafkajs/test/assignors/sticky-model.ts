import type { Subscription } from '../../src/assignors/layout.ts'
import { name } from './group.ts'

type Counts = Readonly<Record<string, number>>

/** The members with only those of their claims that hold, found the slow way: claim by claim against all others. */
export function settledClaims(members: readonly Subscription[], counts: Counts): Subscription[] {
  const mayClaim = (given: Subscription): Map<string, Subscription['owned'][number]> => {
    const real = given.owned.filter(
      ({ topic, partition }) => given.topics.includes(topic) && partition >= 0 && partition < (counts[topic] ?? 0),
    )
    return new Map(real.map((one) => [name(one), one]))
  }
  const all = members.map(mayClaim)
  return members.map((given, index) => ({
    ...given,
    owned: [...all[index]!.values()].filter((one) =>
      members.every((other, at) => at === index || !all[at]!.has(name(one)) || other.generationId < given.generationId),
    ),
  }))
}

/** The most claims that members with equal subscriptions can keep when nobody may have two more than another. */
export function mostKept(members: readonly Subscription[], counts: Counts): number {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const share = Math.floor(total / members.length)
  const withOddOne = members.filter(({ owned }) => owned.length > share).length
  const withoutOddOnes = members.reduce((sum, { owned }) => sum + Math.min(owned.length, share), 0)
  return withoutOddOnes + Math.min(withOddOne, total % members.length)
}
