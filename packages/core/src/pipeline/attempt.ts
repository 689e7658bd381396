import { DONE, type Halt, type Outcome, type Retry } from '../model/outcome.ts'
import type { ConsumerRecord } from '../model/record.ts'
import type { AttemptContext } from './attempt-context.ts'
import { batchAttempt } from './batch-attempt.ts'
import { type DecodedRecord, type DecodeRecord, recordDecoder } from './decode.ts'
import type { HandlerDefinition } from './handler.ts'
import { after } from './maybe-async.ts'

/** Runs a delivery once; never throws and never rejects. Synchronous where decoders and handler are. */
export type RunAttempt = (context: AttemptContext) => Outcome | Promise<Outcome>

/** What an error of an attempt leads to, at the record that failed. */
export type Judge = (error: unknown, context: AttemptContext, handler: string, record: ConsumerRecord) => Retry | Halt

/** Calls the handler with what was decoded: a record, or the records of a batch. */
export type Handle = (input: unknown, context: AttemptContext) => unknown

export function createAttempt(definition: HandlerDefinition, handle: Handle, judge: Judge): RunAttempt {
  const decode = recordDecoder(definition.options)
  const judged = (error: unknown, context: AttemptContext, record: ConsumerRecord): Retry | Halt =>
    judge(error, context, definition.name, record)
  const run = definition.batch ? batchAttempt(decode, handle, judged) : recordAttempt(decode, handle)
  const failed = (error: unknown, context: AttemptContext): Outcome => {
    const { abortReason } = context
    if (abortReason === undefined || abortReason === 'deadline') return judged(error, context, context.firstOpen)
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
  const done = (): Outcome => DONE
  const call = (record: DecodedRecord, context: AttemptContext): Outcome | Promise<Outcome> =>
    after(handle(record, context), done)
  return (context) => {
    const record = decode(context.first)
    return record instanceof Promise ? record.then((decoded) => call(decoded, context)) : call(record, context)
  }
}
