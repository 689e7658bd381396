import type { Undecodable } from '@holdfast/core'

/** The parts of kafkajs's internal `Cluster` and `Broker` that the driver uses; `shapes.ts` checks that they are there. */
export type Retrier = (
  attempt: (bail: (error: Error) => void, ...rest: unknown[]) => Promise<unknown>,
) => Promise<unknown>

export interface ClusterInternals {
  retrier: Retrier
  readonly brokerPool: BrokerPoolInternals
  getNodeIds(): readonly string[]
  findBroker(target: { nodeId: string | number }): Promise<BrokerInternals>
  findGroupCoordinator(request: { groupId: string }): Promise<BrokerInternals>
  /** Of all topics, unless some are named. */
  metadata(of?: { readonly topics: readonly string[] }): Promise<TopicMetadata>
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number }[]
  refreshMetadata(): Promise<void>
  fetchTopicsOffset(
    topics: readonly { topic: string; partitions: readonly { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<readonly TopicOffsets[]>
}

export interface BrokerPoolInternals {
  retrier: Retrier
  metadata: unknown
  metadataExpireAt: number | null
  createBroker(options: unknown): BrokerInternals
  refreshMetadata(topics: readonly string[]): Promise<void>
}

export interface TopicMetadata {
  readonly topicMetadata: readonly { readonly topic: string; readonly partitionMetadata: readonly unknown[] }[]
}

export interface TopicOffsets {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
}

export interface CommittedOffsets {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: string
    readonly metadata: string | null
  }[]
}

/** Who this member is, and what the group chose for this generation. */
export interface Identity {
  readonly memberId: string
  readonly generationId: number
  /** The name of the assignor. */
  readonly groupProtocol: string
}

export interface GroupProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface JoinRequest {
  readonly memberId: string
  readonly groupProtocols: readonly GroupProtocol[]
}

/** What kafkajs sends, and how it reads the answer. */
export interface ProtocolRequest {
  readonly request: { readonly apiVersion: number }
  readonly response: { decode(raw: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> }
}

export type MakeRequest = (fields: object) => ProtocolRequest

/** kafkajs's own way from an API's key to the request of the version that the broker has. */
export type LookupRequest = (apiKey: number, definition: unknown) => MakeRequest

export interface FetchRequest {
  topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[]
}

export interface FetchResponse {
  responses: readonly {
    readonly topicName: string
    readonly partitions: readonly {
      readonly partition: number
      /** The end of what a consumer of committed records may read. */
      readonly lastStableOffset?: string
      /** Where it goes on behind what holds no records. */
      readonly endOffset?: number | undefined
      /** What stands at the position instead of messages. */
      readonly undecodable?: Undecodable | undefined
      /** Those that reach into what was fetched, in the order in which they ended. */
      abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[]
      readonly messages: readonly {
        readonly offset: string
        readonly key?: Buffer | null
        /** kafkajs passes over it. */
        isControlRecord?: boolean
        readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean }
      }[]
    }[]
  }[]
}

export interface BrokerInternals {
  lookupRequest: LookupRequest
  joinGroup(request: JoinRequest): Promise<Identity>
  syncGroup(request: object): Promise<{ readonly memberAssignment: Buffer }>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: readonly CommittedOffsets[]
  }): Promise<unknown>
  offsetFetch(request: {
    groupId: string
    topics: readonly { topic: string; partitions: readonly { partition: number }[] }[]
  }): Promise<{ readonly responses: readonly CommittedOffsets[] }>
  fetch(request: FetchRequest): Promise<FetchResponse>
  listOffsets(request: {
    isolationLevel: number
    topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[]
  }): Promise<{ readonly responses: readonly TopicOffsets[] }>
  metadata(topics: readonly string[]): Promise<TopicMetadata>
}
