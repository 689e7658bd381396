import { type ErrorCode, HoldfastError, type OutgoingRecord } from '@holdfast/core'
import { errorType, translateError } from '../translate-error.ts'
import { bytesOf } from './requests.ts'

export interface ProduceScene {
  readonly topic: string
  readonly records: readonly OutgoingRecord[]
  readonly brokers: readonly string[]
}

interface Reading {
  readonly code: ErrorCode
  reason(scene: ProduceScene): string
  readonly fix: string
}

const TOO_LARGE: Reading = {
  code: 'HF_RECORD_TOO_LARGE',
  reason: ({ topic, records }) => `${topic} does not take ${sizeOf(records)}`,
  fix: 'raise max.message.bytes of the topic, or write less',
}
const MAY_NOT_WRITE: Reading = {
  code: 'HF_AUTH_FAILED',
  reason: ({ topic }) => `this service may not write to ${topic}`,
  fix: 'allow its user to WRITE and DESCRIBE the topic; before Kafka 3.0, also IDEMPOTENT_WRITE on the cluster',
}
const UNREPLICATED: Reading = {
  code: 'HF_PRODUCE_FAILED',
  reason: ({ topic }) => `${topic} has fewer replicas in sync than its min.insync.replicas`,
  fix: 'bring its brokers up',
}
const LEADERLESS: Reading = {
  code: 'HF_PRODUCE_FAILED',
  reason: ({ topic }) => `a partition of ${topic} has no leader, or has just got another`,
  fix: 'bring its brokers up if this lasts',
}

/** By the name of Kafka's error. */
const READINGS: Readonly<Record<string, Reading>> = {
  MESSAGE_TOO_LARGE: TOO_LARGE,
  RECORD_LIST_TOO_LARGE: TOO_LARGE,
  UNKNOWN_TOPIC_OR_PARTITION: {
    code: 'HF_TOPIC_MISSING',
    reason: ({ topic }) => `${topic} does not exist`,
    fix: 'create it; holdfast never creates a topic',
  },
  INVALID_TOPIC_EXCEPTION: {
    code: 'HF_RECORD_REFUSED',
    reason: ({ topic }) => `no topic can be called ${JSON.stringify(topic)}, or it takes no records from outside`,
    fix: 'name another topic',
  },
  TOPIC_AUTHORIZATION_FAILED: MAY_NOT_WRITE,
  CLUSTER_AUTHORIZATION_FAILED: MAY_NOT_WRITE,
  NOT_ENOUGH_REPLICAS: UNREPLICATED,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: UNREPLICATED,
  LEADER_NOT_AVAILABLE: LEADERLESS,
  NOT_LEADER_FOR_PARTITION: LEADERLESS,
  FENCED_LEADER_EPOCH: LEADERLESS,
  UNKNOWN_LEADER_EPOCH: LEADERLESS,
  INVALID_RECORD: {
    code: 'HF_RECORD_REFUSED',
    reason: ({ topic }) => `${topic} refuses a record as invalid`,
    fix: 'give every record a key if the topic is compacted, and check what its brokers validate',
  },
  INVALID_TIMESTAMP: {
    code: 'HF_RECORD_REFUSED',
    reason: ({ topic }) => `${topic} refuses the timestamp of a record`,
    fix: 'raise message.timestamp.before.max.ms or message.timestamp.after.max.ms of the topic, or write another time',
  },
  POLICY_VIOLATION: {
    code: 'HF_RECORD_REFUSED',
    reason: ({ topic }) => `a policy of the brokers refuses a record for ${topic}`,
    fix: 'ask whoever runs the brokers',
  },
}

/** Why records could not be written, in words that name their topic. Total, as `translateError` is. */
export function produceError(error: unknown, scene: ProduceScene): HoldfastError {
  if (error instanceof HoldfastError) return error
  const type = errorType(error)
  const details = { topic: scene.topic, ...(type === undefined ? {} : { type }) }
  const reading = type === undefined ? undefined : READINGS[type]
  if (reading !== undefined) {
    const { code, reason, fix } = reading
    const bytes = code === 'HF_RECORD_TOO_LARGE' ? { bytes: largestOf(scene.records) } : {}
    const text = `${reason(scene)}.\n  Fix: ${fix}.`
    return new HoldfastError(code, text, { cause: error, details: { ...details, ...bytes } })
  }
  const known = translateError(error, scene)
  const reason = `records for ${scene.topic} were not acknowledged: ${known.message.replace(`${known.code}: `, '')}`
  if (known.code !== 'HF_DRIVER_CRASHED') return new HoldfastError(known.code, reason, { cause: error, details })
  const fix = 'nothing if it passes, as another producer is tried next; else look into the log of the broker'
  return new HoldfastError('HF_PRODUCE_FAILED', `${reason}\n  Fix: ${fix}.`, { cause: error, details })
}

function sizeOf(records: readonly OutgoingRecord[]): string {
  const each = `a record of about ${largestOf(records)} bytes, headers included`
  return records.length === 1 ? each : `${records.length} records at once, the largest ${each}`
}

function largestOf(records: readonly OutgoingRecord[]): number {
  return records.reduce((most, record) => Math.max(most, bytesOf(record)), 0)
}
