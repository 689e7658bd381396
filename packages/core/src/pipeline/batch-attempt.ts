import { DONE, type Failed, type Outcome, UNTRIED, type Untried } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { type AttemptContext, outputRefused } from './attempt-context.ts'
import { failuresOf } from './batch-results.ts'
import { type DecodedRecord, type DecodeRecord, passThrough } from './decode.ts'
import { after } from './maybe-async.ts'

type Handle = (input: unknown, context: AttemptContext) => unknown
type Judged = (error: unknown, context: AttemptContext, record: ConsumerRecord) => Failed

/**
 * A batch whose records decode up to some point is handed over up to that point; the record that does not decode
 * comes first in the next attempt and fails alone.
 */
export function batchAttempt(
  decode: DecodeRecord,
  handle: Handle,
  judged: Judged,
): (context: AttemptContext) => Outcome | Promise<Outcome> {
  const call = (decoded: readonly DecodedRecord[], context: AttemptContext): Outcome | Promise<Outcome> =>
    after(handle(decoded, context), (result) => outcomeOf(result, decoded.length, context, judged))
  return (context) => {
    const decoded = decodeWhilePossible(decode, context.delivery.records)
    return decoded instanceof Promise ? decoded.then((list) => call(list, context)) : call(decoded, context)
  }
}

function outcomeOf(result: unknown, tried: number, context: AttemptContext, judged: Judged): Outcome {
  const { records } = context.delivery
  const failures = failuresOf(result, tried)
  if (failures.length === 0 && tried === records.length) return DONE
  context.isPartlyDone = failures.length < tried
  if (failures.length > 0 && context.hasSharedOutputs) throw outputRefused(context.first)
  const left = new Map<number, Failed | Untried>()
  for (const { index, error } of failures) {
    const record = records[index] as ConsumerRecord
    if (context.isOpen(record)) left.set(record.offset, judged(error, context, record))
  }
  for (const { offset } of records.slice(tried)) left.set(offset, UNTRIED)
  return { type: 'partial', left }
}

function decodeWhilePossible(
  decode: DecodeRecord,
  records: readonly ConsumerRecord[],
): readonly DecodedRecord[] | Promise<readonly DecodedRecord[]> {
  if (decode === passThrough) return records
  const decoded: (DecodedRecord | Promise<DecodedRecord>)[] = []
  let isAsync = false
  for (const record of records) {
    try {
      const result = decode(record)
      isAsync ||= result instanceof Promise
      decoded.push(result)
    } catch (error) {
      if (decoded.length === 0) throw error
      break
    }
  }
  return isAsync ? settledPrefix(decoded) : (decoded as DecodedRecord[])
}

async function settledPrefix(
  decoded: readonly (DecodedRecord | Promise<DecodedRecord>)[],
): Promise<readonly DecodedRecord[]> {
  const results = await Promise.allSettled(decoded)
  const failed = results.findIndex(({ status }) => status === 'rejected')
  if (failed === 0) throw (results[0] as PromiseRejectedResult).reason
  const prefix = failed === -1 ? results : results.slice(0, failed)
  return prefix.map((result) => (result as PromiseFulfilledResult<DecodedRecord>).value)
}
