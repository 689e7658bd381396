import { DONE, type Outcome } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { AttemptContext } from './attempt-context.ts'
import { type DecodedRecord, type DecodeRecord, passThrough, recordDecoder } from './decode.ts'
import type { HandlerDefinition } from './handler.ts'

/** Runs a delivery once; never throws and never rejects. Synchronous where decoders and handler are. */
export type RunAttempt = (context: AttemptContext) => Outcome | Promise<Outcome>

/** What an error of an attempt leads to. */
export type Judge = (error: unknown, context: AttemptContext, handler: string) => Outcome

type Handle = (input: unknown, context: AttemptContext) => unknown

export function createAttempt(definition: HandlerDefinition, judge: Judge): RunAttempt {
  const decode = recordDecoder(definition.options)
  const handle = definition.handle as unknown as Handle
  const run = definition.batch ? batchAttempt(decode, handle) : recordAttempt(decode, handle)
  const failed = (error: unknown, context: AttemptContext): Outcome => {
    const { abortReason } = context
    if (abortReason === undefined || abortReason === 'deadline') return judge(error, context, definition.name)
    return { type: 'aborted', reason: abortReason }
  }
  return (context) => {
    try {
      const outcome = run(context)
      return outcome instanceof Promise ? outcome.catch((error: unknown) => failed(error, context)) : outcome
    } catch (error) {
      return failed(error, context)
    }
  }
}

function recordAttempt(decode: DecodeRecord, handle: Handle): RunAttempt {
  const call = (record: DecodedRecord, context: AttemptContext): Outcome | Promise<Outcome> =>
    afterwards(handle(record, context), DONE)
  return (context) => {
    const record = decode(context.first)
    return record instanceof Promise ? record.then((decoded) => call(decoded, context)) : call(record, context)
  }
}

/**
 * A batch whose records decode up to some point is handed over up to that point; the record that does not decode
 * comes first in the next attempt and fails alone.
 */
function batchAttempt(decode: DecodeRecord, handle: Handle): RunAttempt {
  return (context) => {
    const { records } = context.delivery
    const decoded = decodeWhilePossible(decode, records)
    if (decoded instanceof Promise) return decoded.then((list) => callBatch(handle, list, context))
    return callBatch(handle, decoded, context)
  }
}

function callBatch(
  handle: Handle,
  decoded: readonly DecodedRecord[],
  context: AttemptContext,
): Outcome | Promise<Outcome> {
  const outcome: Outcome =
    decoded.length === context.delivery.records.length ? DONE : { type: 'partial', count: decoded.length }
  return afterwards(handle(decoded, context), outcome)
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

function afterwards(result: unknown, outcome: Outcome): Outcome | Promise<Outcome> {
  if (!isThenable(result)) return outcome
  return Promise.resolve(result).then(() => outcome)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
