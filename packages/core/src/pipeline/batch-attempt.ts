import { DONE, type Failed, type Outcome, UNTRIED, type Untried } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { AttemptContext } from './attempt-context.ts'
import { failuresOf } from './batch-results.ts'
import type { DecodedRecord, DecodeRecord } from './decode.ts'
import { after } from './maybe-async.ts'
import { outputRefused } from './output-refused.ts'

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
    const first = (error: unknown): Outcome => firstFailed(error, context, judged)
    let decoded: readonly DecodedRecord[] | Promise<readonly DecodedRecord[]>
    try {
      decoded = decodeWhilePossible(decode, context.delivery.records)
    } catch (error) {
      return first(error)
    }
    if (!(decoded instanceof Promise)) return call(decoded, context)
    return decoded.then(
      (list) => call(list, context),
      (error: unknown) => first(error),
    )
  }
}

/** A batch that fails as one: each of its records has attempts of its own, which need not end at once. */
export function allFailed(error: unknown, context: AttemptContext, judged: Judged): Outcome {
  const open = context.delivery.records.filter((record) => context.isOpen(record))
  const [first = context.first, ...rest] = open
  const next = judged(error, context, first)
  const left = new Map<number, Failed>([[first.offset, next]])
  for (const record of rest) left.set(record.offset, judged(error, context, record))
  return [...left.values()].every(({ type }) => type === next.type) ? next : { type: 'partial', left }
}

/** It fails alone, and those behind it come again. */
function firstFailed(error: unknown, context: AttemptContext, judged: Judged): Outcome {
  const { endOfGivenUp } = context
  if (endOfGivenUp !== undefined) return endOfGivenUp
  const [first, ...rest] = context.delivery.records as readonly [ConsumerRecord, ...ConsumerRecord[]]
  const left = new Map<number, Failed | Untried>([[first.offset, judged(error, context, first)]])
  for (const { offset } of rest) left.set(offset, UNTRIED)
  return { type: 'partial', left }
}

/** What fails because it is told to end stays open, as where the handler throws; what is done counts. */
function outcomeOf(result: unknown, tried: number, context: AttemptContext, judged: Judged): Outcome {
  const { records } = context.delivery
  const failures = failuresOf(result, tried)
  if (failures.length === 0 && tried === records.length) return DONE
  context.isPartlyDone = failures.length < tried
  if (failures.length > 0 && context.hasSharedOutputs) throw outputRefused(context.first, 'shared')
  const left = new Map<number, Failed | Untried>()
  for (const { index, error } of failures) {
    const record = records[index] as ConsumerRecord
    if (!context.isOpen(record)) continue
    left.set(record.offset, context.givenUpBy === undefined ? judged(error, context, record) : UNTRIED)
  }
  for (const { offset } of records.slice(tried)) left.set(offset, UNTRIED)
  return { type: 'partial', left }
}

function decodeWhilePossible(
  decode: DecodeRecord,
  records: readonly ConsumerRecord[],
): readonly DecodedRecord[] | Promise<readonly DecodedRecord[]> {
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
