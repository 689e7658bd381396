import { readable } from '../errors/readable.ts'
import { DONE, type Failed, type Outcome } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { OrderFunction } from '../schedule/order-function.ts'
import type { AttemptContext } from './attempt-context.ts'
import { allFailed, batchAttempt } from './batch-attempt.ts'
import type { CallContext } from './call-context.ts'
import { type DecodedRecord, type DecodeRecord, recordDecoder } from './decode.ts'
import type { HandlerDefinition } from './handler.ts'
import { after } from './maybe-async.ts'
import type { RecordLimits } from './record-limits.ts'

/** Runs a delivery once; never throws and never rejects. Synchronous where decoders and handler are. */
export type RunAttempt = (context: AttemptContext) => Outcome | Promise<Outcome>

/** What an error of an attempt leads to, at the record that failed. */
export type Judge = (
  error: unknown,
  context: AttemptContext,
  handler: HandlerDefinition,
  record: ConsumerRecord,
) => Failed

/** Calls the handler with what was decoded: a record, or the records of a batch. */
export type Handle = (input: unknown, context: CallContext) => unknown

interface AttemptWays {
  readonly judge: Judge
  readonly limits: RecordLimits
  readonly order: OrderFunction | undefined
}

export function createAttempt(
  definition: HandlerDefinition,
  handle: Handle,
  { judge, limits, order }: AttemptWays,
): RunAttempt {
  const decode = unlessUnnamed(recordDecoder(definition.options, limits), order)
  const judged = (error: unknown, context: AttemptContext, record: ConsumerRecord): Failed =>
    judge(readable(error), context, definition, record)
  const failed = (error: unknown, context: AttemptContext): Outcome => {
    const { endOfGivenUp } = context
    if (endOfGivenUp !== undefined) return endOfGivenUp
    return definition.batch ? allFailed(error, context, judged) : judged(error, context, context.first)
  }
  if (!definition.batch) return recordAttempt(decode, handle, failed)
  const run = batchAttempt(decode, handle, judged)
  return (context) => {
    try {
      const outcome = run(context)
      return outcome instanceof Promise ? outcome.catch((error: unknown) => failed(error, context)) : outcome
    } catch (error) {
      return failed(error, context)
    }
  }
}

/** A record that the function given as order has no answer for fails like one that does not decode. */
function unlessUnnamed(decode: DecodeRecord, order: OrderFunction | undefined): DecodeRecord {
  if (order === undefined) return decode
  return (record) => {
    const failure = order.failureOf(record)
    if (failure !== undefined) throw failure
    return decode(record)
  }
}

type OnError = (error: unknown, context: AttemptContext) => Outcome

/** One promise beside the handler's own, at the most: there are as many of them as records. */
function recordAttempt(decode: DecodeRecord, handle: Handle, failed: OnError): RunAttempt {
  const done = (): Outcome => DONE
  const call = (record: DecodedRecord, context: AttemptContext): Outcome | Promise<Outcome> => {
    try {
      return after(handle(record, context), done, (error) => failed(error, context))
    } catch (error) {
      return failed(error, context)
    }
  }
  return (context) => {
    try {
      const record = decode(context.first)
      if (!(record instanceof Promise)) return call(record, context)
      return record.then(
        (decoded) => call(decoded, context),
        (error: unknown) => failed(error, context),
      )
    } catch (error) {
      return failed(error, context)
    }
  }
}
