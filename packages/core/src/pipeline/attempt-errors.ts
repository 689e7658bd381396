import { HoldfastError } from '../errors/holdfast-error.ts'
import type { AbortReason } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { partitionName } from '../model/topic-partition.ts'

/** A record that the handler names is none of its attempt's. */
export function foreignRecord(method: string, first: ConsumerRecord, offset: number): HoldfastError {
  return new HoldfastError(
    'HF_BATCH_RESULT_INVALID',
    `context.${method} was given offset ${offset}, which is not among the records of ${partitionName(first)} that begin at ${first.offset}.\n  Fix: name a record that the handler was called with.`,
    { details: { topic: first.topic, partition: first.partition, offset } },
  )
}

const REASONS: Readonly<Record<AbortReason, string>> = {
  revoked: 'its partition is given to another member',
  lost: 'its partition was lost to another member',
  deadline: 'it has run for handlerTimeoutMs',
  shutdown: 'the consumer stops',
  halted: 'its partition is halted',
  suspended: 'it has not begun, and its partition waits for the end of a rebalance',
}

/** The reason of an attempt's signal. */
export function abortError(reason: AbortReason, record: ConsumerRecord): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_ABORTED',
    `the attempt at ${partitionName(record)}@${offset} must end: ${REASONS[reason]}.`,
    {
      details: { topic, partition, offset, reason },
    },
  )
}
