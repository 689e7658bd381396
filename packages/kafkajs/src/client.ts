import type { DriverContext, Logger } from '@holdfast/core'
import { createAssigner } from './assignors/assigner.ts'
import { ASSIGNORS, type AssignorName } from './assignors/assignors.ts'
import type { ClusterInternals } from './internals/cluster.ts'
import type { InternalFault } from './internals/fault.ts'
import { createFrameGuard } from './internals/frame-guard.ts'
import {
  type Cluster,
  type Consumer,
  Kafka,
  type KafkaConfig,
  logLevel,
  type RetryOptions,
} from './internals/kafkajs.ts'
import { forwardLogs } from './log-creator.ts'
import type { KafkajsConfig } from './options.ts'

/** kafkajs never resets its count of retries after a success: a small number ends a healthy consumer some day. */
const PATIENT: RetryOptions = { initialRetryTime: 100, maxRetryTime: 1_000, retries: Number.MAX_SAFE_INTEGER }
/** A raised partition count and a new leader are noticed within this time. */
const METADATA_MAX_AGE_MS = 30_000

export interface ClientOptions {
  readonly logger: Logger
  readonly retry: RetryOptions
  readonly onFault?: (fault: InternalFault) => void
}

/** A kafkajs client of its own for every use: instances share a map of offsets between their consumers. */
export function createClient(config: KafkajsConfig, { logger, retry, onFault }: ClientOptions): Kafka {
  const { brokers, clientId, ssl, sasl, connectionTimeoutMs, requestTimeoutMs } = config
  const guard = createFrameGuard(onFault === undefined ? {} : { onFault })
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry,
    ssl,
    ...(sasl === undefined ? {} : { sasl: sasl as NonNullable<KafkaConfig['sasl']> }),
    socketFactory: guard.socketFactory,
    logLevel: logLevel.WARN,
    logCreator: forwardLogs(logger),
  })
}

/** kafkajs's consumer for one member; `withCluster` gets its cluster, which is its alone, before it connects. */
export function createGroupConsumer(
  config: KafkajsConfig,
  context: DriverContext,
  withCluster: (cluster: Cluster) => void,
  assignors: readonly AssignorName[] = ['range'],
): Consumer {
  return createClient(config, { logger: context.logger, retry: PATIENT }).consumer({
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
    metadataMaxAge: METADATA_MAX_AGE_MS,
    partitionAssigners: assignors.map((name, index) => ({ cluster }) => {
      if (index === 0) withCluster(cluster)
      return createAssigner(ASSIGNORS[name], {
        cluster: cluster as unknown as ClusterInternals,
        owned: () => ({ partitions: [], generationId: -1 }),
        onUnreadable: (member) => context.logger.warn(member, 'a member of the group sent a subscription that is none'),
      })
    }),
  })
}
