import type { DriverContext, Logger } from '@holdfast/core'
import { createAssigner } from './assignors/assigner.ts'
import { ASSIGNORS } from './assignors/assignors.ts'
import type { Claim } from './group/claim.ts'
import type { ClusterInternals } from './internals/cluster.ts'
import type { InternalFault } from './internals/fault.ts'
import { createFrameGuard, DEFAULT_MAX_FRAME_BYTES } from './internals/frame-guard.ts'
import {
  type Assigner,
  type Cluster,
  type Consumer,
  Kafka,
  type KafkaConfig,
  logLevel,
  type RetryOptions,
} from './internals/kafkajs.ts'
import type { OpenSockets } from './internals/open-sockets.ts'
import { forwardLogs } from './log-creator.ts'
import type { KafkajsConfig } from './options.ts'

/** kafkajs never resets its count of retries after a success: a small number ends a healthy consumer some day. */
const PATIENT: RetryOptions = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  retries: Number.MAX_SAFE_INTEGER,
  // The driver replaces a client that ended, and bounds how often.
  restartOnFailure: async () => false,
}

/** What a fetch response holds beside records: of each partition some bytes, and its aborted transactions. */
const ENVELOPE_BYTES = 16 * 1024 * 1024

export interface ClientOptions {
  readonly logger: Logger
  readonly retry: RetryOptions
  readonly onFault?: (fault: InternalFault) => void
  /** Gets every connection that the client opens. */
  readonly sockets?: OpenSockets
  /** The longest response that is taken. @default 134217728 (128 MiB) */
  readonly maxFrameBytes?: number
}

/** A kafkajs client of its own for every use: instances share a map of offsets between their consumers. */
export function createClient(config: KafkajsConfig, options: ClientOptions): Kafka {
  const { logger, retry, onFault, sockets, maxFrameBytes = DEFAULT_MAX_FRAME_BYTES } = options
  const { brokers, clientId, ssl, sasl, connectionTimeoutMs, requestTimeoutMs } = config
  const guard = createFrameGuard({ maxFrameBytes, ...(onFault === undefined ? {} : { onFault }) })
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry,
    ssl,
    ...(sasl === undefined ? {} : { sasl: sasl as NonNullable<KafkaConfig['sasl']> }),
    socketFactory: (args) => {
      const socket = guard.socketFactory(args)
      return sockets?.track(socket) ?? socket
    },
    logLevel: logLevel.WARN,
    logCreator: forwardLogs(logger),
  })
}

export interface GroupConsumerPorts {
  readonly sockets: OpenSockets
  /** What the member owns at the moment of a join. */
  claim(): Claim
  /** Gets the consumer's cluster, which is its alone, before it connects. */
  created(cluster: Cluster, assigners: readonly Assigner[]): void
}

/** kafkajs's consumer for one member. */
export function createGroupConsumer(
  config: KafkajsConfig,
  context: DriverContext,
  { sockets, claim, created }: GroupConsumerPorts,
): Consumer {
  const assigners: Assigner[] = []
  const { partitionAssignmentStrategy: strategies } = context
  // One that is refused would be fetched again, for ever.
  const maxFrameBytes = Math.max(DEFAULT_MAX_FRAME_BYTES, context.fetchMaxBytes + ENVELOPE_BYTES)
  return createClient(config, { logger: context.logger, retry: PATIENT, sockets, maxFrameBytes }).consumer({
    groupId: context.groupId,
    sessionTimeout: context.sessionTimeoutMs,
    rebalanceTimeout: context.rebalanceTimeoutMs,
    heartbeatInterval: context.heartbeatIntervalMs,
    maxWaitTimeInMs: context.fetchMaxWaitMs,
    minBytes: context.fetchMinBytes,
    maxBytes: context.fetchMaxBytes,
    maxBytesPerPartition: context.maxPartitionFetchBytes,
    readUncommitted: context.isolationLevel === 'read_uncommitted',
    allowAutoTopicCreation: false,
    metadataMaxAge: config.metadataMaxAgeMs,
    partitionAssigners: strategies.map((name) => ({ cluster }) => {
      const assigner = createAssigner(ASSIGNORS[name], {
        cluster: cluster as unknown as ClusterInternals,
        owned: claim,
        onUnreadable: (member) =>
          context.logger.warn(member, 'the subscription of a member cannot be read; it gets no partitions'),
      })
      assigners.push(assigner)
      if (assigners.length === strategies.length) created(cluster, assigners)
      return assigner
    }),
  })
}
