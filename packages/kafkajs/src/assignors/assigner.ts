import type { TopicPartition } from '@holdfast/core'
import { InternalFault } from '../internals/fault.ts'
import type { Assigner, GroupMember } from '../internals/kafkajs.ts'
import type { Assignor } from './assignors.ts'
import { NO_CLAIM } from './claims-on-wire.ts'
import { decodeSubscription, encodeAssignment, encodeSubscription, SUBSCRIPTION_VERSION } from './consumer-protocol.ts'
import type { Subscription } from './layout.ts'
import { countPartitions, type TopicLookup } from './partition-counts.ts'

export interface AssignerOptions {
  readonly cluster: TopicLookup
  /** What this member owns at the moment of a join, and since which generation; −1 for none. */
  readonly owned: () => { readonly partitions: readonly TopicPartition[]; readonly generationId: number }
  /** Told of a member whose subscription cannot be read: it gets nothing, and the others get theirs. */
  readonly onUnreadable: (member: { readonly memberId: string; readonly error: string }) => void
}

/** kafkajs tells the leader of instance ids, although its types do not. */
type JoinedMember = GroupMember & { readonly groupInstanceId?: string | null }

/** An assignor as kafkajs takes it; its name and bytes are Java's, so mixed groups agree. */
export function createAssigner(assignor: Assignor, { cluster, owned, onUnreadable }: AssignerOptions): Assigner {
  const { name } = assignor

  function readMember({ memberId, groupInstanceId, memberMetadata }: JoinedMember): Subscription {
    const identity = { memberId, ...(typeof groupInstanceId === 'string' ? { groupInstanceId } : {}) }
    try {
      const subscription = decodeSubscription(memberMetadata)
      return { ...identity, topics: subscription.topics, ...assignor.readClaim(subscription) }
    } catch (error) {
      if (!(error instanceof InternalFault)) throw error
      onUnreadable({ memberId, error: error.message })
      return { ...identity, topics: [], ...NO_CLAIM }
    }
  }

  return {
    name,
    version: SUBSCRIPTION_VERSION,
    protocol({ topics }) {
      const { partitions, generationId } = owned()
      const claim = assignor.isSticky ? { owned: partitions, generationId } : NO_CLAIM
      const metadata = encodeSubscription({
        topics,
        userData: assignor.userData(claim),
        ownedPartitions: claim.owned,
        generationId: claim.generationId,
        rackId: null,
      })
      return { name, metadata }
    },
    async assign({ members, topics }) {
      const subscriptions = members.map(readMember)
      const own = new Set(topics)
      const others = new Set(subscriptions.flatMap((member) => member.topics).filter((topic) => !own.has(topic)))
      const assignment = assignor.assign(subscriptions, await countPartitions(cluster, topics, [...others]))
      return [...assignment].map(([memberId, partitions]) => ({
        memberId,
        memberAssignment: encodeAssignment({ partitions, userData: null }),
      }))
    },
  }
}
