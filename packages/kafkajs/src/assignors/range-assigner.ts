import type { TopicPartition } from '@holdfast/core'
import {
  type Assigner,
  AssignerProtocol,
  type Cluster,
  type GroupMember,
  type GroupMemberAssignment,
} from '../internals/kafkajs.ts'
import { assignRange } from './range.ts'

/** Version 0 of Java's ConsumerProtocol: what every client can read. */
const PROTOCOL_VERSION = 0

/** `range` as kafkajs takes an assignor; its name and bytes are Java's, so mixed groups agree. */
export function rangeAssigner(cluster: Cluster): Assigner {
  return {
    name: 'range',
    version: PROTOCOL_VERSION,
    protocol: ({ topics }) => ({
      name: 'range',
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: PROTOCOL_VERSION,
        topics,
        userData: Buffer.alloc(0),
      }),
    }),
    async assign({ members, topics }) {
      const subscriptions = members.map(subscriptionOf)
      const foreign = subscriptions.flatMap((member) => member.topics).filter((topic) => !topics.includes(topic))
      for (const topic of new Set(foreign)) await cluster.addTargetTopic(topic)
      const assignment = assignRange(subscriptions, (topic) => cluster.findTopicPartitionMetadata(topic).length)
      return [...assignment].map(([memberId, partitions]) => encode(memberId, partitions))
    },
  }
}

function subscriptionOf({ memberId, memberMetadata }: GroupMember): { memberId: string; topics: readonly string[] } {
  return { memberId, topics: AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [] }
}

function encode(memberId: string, partitions: readonly TopicPartition[]): GroupMemberAssignment {
  const assignment: Record<string, number[]> = Object.create(null)
  for (const { topic, partition } of partitions) {
    assignment[topic] ??= []
    assignment[topic].push(partition)
  }
  return {
    memberId,
    memberAssignment: AssignerProtocol.MemberAssignment.encode({
      version: PROTOCOL_VERSION,
      assignment,
      userData: Buffer.alloc(0),
    }),
  }
}
