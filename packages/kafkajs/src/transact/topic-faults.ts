import { HoldfastError } from '@holdfast/core'
import { causes, errorType } from '../translate-error.ts'

/** What brokers say of a topic or its partitions. Of the log of transactions they do not: its coordinator says other things. */
const TYPES: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'KAFKA_STORAGE_ERROR',
  // Replicas have not acknowledged the records in time.
  'REQUEST_TIMED_OUT',
  'CORRUPT_MESSAGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'POLICY_VIOLATION',
])
/** The topic is not among what brokers know. */
const NAMES: ReadonlySet<string> = new Set(['KafkaJSMetadataNotLoaded', 'KafkaJSTopicMetadataNotLoaded'])
const PRODUCE_TIMED_OUT = /\bProduce\(/

/**
 * Whether outputs were not written because of their topic. kafkajs asks the coordinator of the transaction as well before it
 * writes to a partition, so that an error at `send` can be of that; and a lost connection does not say whose it was.
 */
export function isTopics(error: unknown): boolean {
  const type = errorType(error)
  if (type !== undefined) return TYPES.has(type)
  return causes(error).some(
    (link) =>
      link instanceof HoldfastError ||
      NAMES.has(link.name) ||
      (link.name === 'KafkaJSRequestTimeoutError' && PRODUCE_TIMED_OUT.test(link.message)),
  )
}
