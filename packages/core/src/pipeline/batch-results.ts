import { HoldfastError } from '../errors/holdfast-error.ts'
import { isThenable } from '../model/thenable.ts'

/** What a handler that has begun something for each record, and not awaited it, comes to: none of it ends after its batch. */
export function whenEnded(result: unknown): unknown {
  if (!Array.isArray(result) || !result.some(isThenable)) return result
  const reject = (reason: unknown): PromiseRejectedResult => ({ status: 'rejected', reason })
  return Promise.all(result.map((entry) => (isThenable(entry) ? Promise.resolve(entry).catch(reject) : entry)))
}

/** A record of a batch that failed by itself. */
export interface BatchFailure {
  readonly index: number
  readonly error: unknown
}

/**
 * What a batch handler's answer says of its records: in an array with an entry for each, an `Error` or a rejected entry
 * of `Promise.allSettled` fails its record. Any other answer settles them all.
 * @throws HF_BATCH_RESULT_INVALID where an array names failures but has not an entry for each record: they cannot be told apart
 */
export function failuresOf(result: unknown, records: number): readonly BatchFailure[] {
  if (!Array.isArray(result)) return []
  const failures = result.flatMap((entry, index) => failureOf(entry, index))
  if (failures.length === 0 || result.length === records) return failures
  const { index, error } = failures[0] as BatchFailure
  throw new HoldfastError(
    'HF_BATCH_RESULT_INVALID',
    `the batch handler answered ${result.length} results for ${records} records, so the failure at index ${index} belongs to none of them.\n  Fix: answer one entry for each record, in their order.`,
    { cause: error, details: { results: result.length, records } },
  )
}

function failureOf(entry: unknown, index: number): BatchFailure[] {
  if (entry instanceof Error) return [{ index, error: entry }]
  return isRejected(entry) ? [{ index, error: entry.reason }] : []
}

function isRejected(entry: unknown): entry is PromiseRejectedResult {
  return (
    typeof entry === 'object' && entry !== null && 'status' in entry && entry.status === 'rejected' && 'reason' in entry
  )
}
