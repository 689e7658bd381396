import { createRequire } from 'node:module'
// kafkajs is CommonJS without statically visible names: only its default export can be imported.
import kafkajs from 'kafkajs'

export type {
  Admin,
  Assigner,
  Cluster,
  Consumer,
  EachBatchPayload,
  GroupMember,
  GroupMemberAssignment,
  IHeaders,
  ISocketFactory,
  KafkaConfig,
  KafkaMessage,
  logCreator,
  Message,
  PartitionerArgs,
  PartitionMetadata,
  Producer,
  RetryOptions,
  TopicOffsets,
  Transaction,
} from 'kafkajs'

export const Kafka: typeof kafkajs.Kafka = kafkajs.Kafka
export type Kafka = InstanceType<typeof kafkajs.Kafka>

export const logLevel: typeof kafkajs.logLevel = kafkajs.logLevel
export const CompressionTypes: typeof kafkajs.CompressionTypes = kafkajs.CompressionTypes
export const CompressionCodecs: typeof kafkajs.CompressionCodecs = kafkajs.CompressionCodecs
export const AssignerProtocol: typeof kafkajs.AssignerProtocol = kafkajs.AssignerProtocol
export const Partitioners: typeof kafkajs.Partitioners = kafkajs.Partitioners

const require = createRequire(import.meta.url)

/**
 * A module inside kafkajs, by its path under `kafkajs/src` (`protocol/decoder`). It is the very
 * object kafkajs itself uses: both come from the one CommonJS cache.
 */
export function requireInternal<T>(path: string): T {
  return require(`kafkajs/src/${path}`) as T
}

export const installedKafkajsVersion: string = (require('kafkajs/package.json') as { readonly version: string }).version
