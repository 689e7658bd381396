import {
  type CommitResult,
  HoldfastError,
  partitionName,
  type TransactionRequest,
  type TransactionResult,
} from '@holdfast/core'
import { errorType } from '../translate-error.ts'
import type { Declined } from './transactional-producer.ts'

export const OK: CommitResult = Object.freeze({ status: 'ok' })

/** No request of this consumer can succeed. */
const REFUSALS: Readonly<Record<string, string>> = {
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'its user may not use the id: allow WRITE and DESCRIBE on it',
  INVALID_TRANSACTION_TIMEOUT: 'transaction.max.timeout.ms is below a minute: raise it',
  OFFSET_METADATA_TOO_LARGE:
    'brokers take no commit metadata of this length: set offset.metadata.max.bytes to 4096 or more, or order: "partition"',
  GROUP_AUTHORIZATION_FAILED: 'its user may not commit for the group: allow READ on it',
}

/** Another producer has claimed the id; or, of a transaction that was open for too long, brokers have ended it. */
export function isFence(error: unknown): boolean {
  return errorType(error) === 'INVALID_PRODUCER_EPOCH'
}

/** An error that is final for the consumer; undefined for all others. */
export function refusalOf(error: unknown, transactionalId: string): HoldfastError | undefined {
  const reason = REFUSALS[errorType(error) ?? '']
  if (reason === undefined) return undefined
  return new HoldfastError('HF_TRANSACTION_REFUSED', `transactions of ${transactionalId} are refused; ${reason}.`, {
    cause: error,
    details: { transactionalId },
  })
}

export function refused(error: HoldfastError): CommitResult {
  return { status: 'fenced', error }
}

export function fenced(request: TransactionRequest, reason: string): CommitResult {
  const { topic, partition, offset, epoch } = request
  const error = new HoldfastError(
    'HF_COMMIT_FENCED',
    `the transaction of ${partitionName(request)}@${offset} under epoch ${epoch} was refused: ${reason}.`,
    { details: { topic, partition, offset, epoch } },
  )
  return { status: 'fenced', error }
}

/** The group says that the partition is ours: whoever claimed its id is none of its members. */
export function taken(request: TransactionRequest, transactionalId: string): CommitResult {
  const { topic, partition } = request
  const error = new HoldfastError(
    'HF_TRANSACTIONAL_ID_TAKEN',
    `another process has claimed the transactional id ${transactionalId}, although the group says that ${partitionName(request)} is this member's. It may be of another group, or of the same group elsewhere.\n  Fix: give each its own transactions.transactionalIdPrefix, and run this one again.`,
    { details: { topic, partition, transactionalId } },
  )
  return { status: 'fenced', error }
}

export function unresolved(request: TransactionRequest, cause: unknown): CommitResult {
  return { status: 'unknown', error: unresolvedError(request, cause) }
}

/** Its commit was not sent. */
export function declined(request: TransactionRequest, cause: Error, by: Declined): TransactionResult {
  return { status: 'declined', error: unresolvedError(request, cause), ...by }
}

function unresolvedError(request: TransactionRequest, cause: unknown): HoldfastError {
  const { topic, partition, offset } = request
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HoldfastError(
    'HF_TRANSACTION_UNRESOLVED',
    `the transaction of ${partitionName(request)}@${offset} did not succeed, or its success is not known yet: ${reason}`,
    { cause, details: { topic, partition, offset, outputs: request.outputs.length } },
  )
}
