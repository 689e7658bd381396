import type { ConsumerOptions } from '@holdfast/core'
import { type Given, type GivenProperties, readOneOf, readWholeNumber } from './given.ts'
import { type Mapping, mapOptions } from './mapping.ts'
import { membershipOptions } from './membership.ts'

/** Of Kafka's tool, where Kafka and holdfast have another. */
const DEFAULT_SESSION_TIMEOUT_MS = 30_000
const MAX_HEARTBEAT_INTERVAL_MS = 3_000
/** Kafka's tool commits after every poll: here after every batch, or soon after the commit before was answered. */
const COMMIT_AT_ONCE = { records: 1, ms: 100 }

export const CONSUMER_PROPERTIES: Mapping<ConsumerOptions> = {
  'session.timeout.ms': ['sessionTimeoutMs', readWholeNumber],
  'heartbeat.interval.ms': ['heartbeatIntervalMs', readWholeNumber],
  'max.poll.interval.ms': ['maxPollIntervalMs', readWholeNumber],
  'max.poll.records': ['maxPollRecords', readWholeNumber],
  'fetch.max.wait.ms': ['fetchMaxWaitMs', readWholeNumber],
  'fetch.min.bytes': ['fetchMinBytes', readWholeNumber],
  'fetch.max.bytes': ['fetchMaxBytes', readWholeNumber],
  'max.partition.fetch.bytes': ['maxPartitionFetchBytes', readWholeNumber],
  'isolation.level': ['isolationLevel', (given) => readOneOf(given, ['read_committed', 'read_uncommitted'])],
  'auto.offset.reset': ['autoOffsetReset', readResetPolicy],
}

/**
 * The options of the consumer, but for its driver and handlers.
 * @throws HF_OPTION_INVALID naming the flag or property
 */
export function consumerOptions(given: GivenProperties, tellsCommits: boolean): Partial<ConsumerOptions> {
  const options = mapOptions(CONSUMER_PROPERTIES, given)
  const { sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS } = options
  return {
    // A third of the session, as Kafka advises: tests of the group choose short ones.
    heartbeatIntervalMs: Math.max(1, Math.min(MAX_HEARTBEAT_INTERVAL_MS, Math.floor(sessionTimeoutMs / 3))),
    ...options,
    sessionTimeoutMs,
    commitInterval: tellsCommits ? COMMIT_AT_ONCE : autoCommitInterval(given.get('auto.commit.interval.ms')),
    ...membershipOptions(given),
  }
}

function autoCommitInterval(interval: Given | undefined): { ms?: number } {
  return interval === undefined ? {} : { ms: readWholeNumber(interval) }
}

function readResetPolicy(given: Given): string {
  return readOneOf(given, ['earliest', 'latest', 'none'])
}
