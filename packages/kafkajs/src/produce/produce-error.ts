import { HoldfastError, type OutgoingRecord } from '@holdfast/core'
import { errorType, translateError } from '../translate-error.ts'

const TOO_LARGE: readonly (string | undefined)[] = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_MESSAGE_SIZE',
]
const UNREPLICATED: readonly (string | undefined)[] = ['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND']

/** Why records could not be written, in words that name their topic. */
export function produceError(
  error: unknown,
  records: readonly OutgoingRecord[],
  brokers: readonly string[],
): HoldfastError {
  const topics = [...new Set(records.map(({ topic }) => topic))].join(', ')
  const type = errorType(error)
  const made = (
    code: 'HF_RECORD_TOO_LARGE' | 'HF_TOPIC_MISSING' | 'HF_AUTH_FAILED' | 'HF_BROKER_UNREACHABLE',
    text: string,
  ) => new HoldfastError(code, text, { cause: error, details: { topics, type } })
  if (TOO_LARGE.includes(type)) {
    const bytes = records.reduce(
      (most, record) => Math.max(most, (record.key?.length ?? 0) + (record.value?.length ?? 0)),
      0,
    )
    return made(
      'HF_RECORD_TOO_LARGE',
      `${topics} does not take records of ${bytes} bytes and their headers.\n  Fix: raise max.message.bytes of the topic, or write less.`,
    )
  }
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return made(
      'HF_TOPIC_MISSING',
      `${topics} does not exist, or has not that partition.\n  Fix: create it; holdfast never creates a topic.`,
    )
  }
  if (type === 'TOPIC_AUTHORIZATION_FAILED') {
    return made(
      'HF_AUTH_FAILED',
      `this service may not write to ${topics}.\n  Fix: allow its user to WRITE and DESCRIBE the topic.`,
    )
  }
  if (UNREPLICATED.includes(type)) {
    return made(
      'HF_BROKER_UNREACHABLE',
      `${topics} has fewer replicas in sync than its min.insync.replicas.\n  Fix: bring its brokers up.`,
    )
  }
  return translateError(error, { brokers })
}
