import { parentPort } from 'node:worker_threads'
import { HoldfastError } from '../errors/holdfast-error.ts'
import { failuresOf } from '../pipeline/batch-results.ts'
import type { ThreadContext } from '../pipeline/thread-handler.ts'
import { carry } from './carry.ts'
import type { AnswerMessage, CallMessage, TaskMessage } from './messages.ts'
import { pack, unpack } from './pack.ts'
import { recordOf } from './records.ts'
import { threadLogger } from './thread-logger.ts'
import { ThreadOutputs } from './thread-outputs.ts'

type Handler = (input: unknown, context: ThreadContext) => unknown

/** What a thread does with a task. It never rejects: a rejection means that the thread itself has ended. */
export default async function runTask({ module, call }: TaskMessage): Promise<AnswerMessage> {
  let handler: Handler
  try {
    handler = await loadHandler(module)
  } catch (error) {
    return { type: 'refused', packed: pack(carry(error)) }
  }
  if (call === undefined) return { type: 'done' }
  try {
    return await runHandler(handler, unpack<CallMessage>(call))
  } catch (error) {
    return { type: 'thrown', packed: pack(carry(error)) }
  }
}

async function runHandler(handler: Handler, call: CallMessage): Promise<AnswerMessage> {
  const records = call.records.map(recordOf)
  const produced = new ThreadOutputs(call)
  let result: unknown
  let outputs: Uint8Array | undefined
  try {
    result = await handler(call.batch ? records : records[0], contextOf(call, produced))
  } finally {
    outputs = produced.close()
  }
  const failures = call.batch ? failuresOf(result, records.length) : []
  if (failures.length === 0) return { type: 'done', outputs }
  return { type: 'failures', packed: pack(failures.map(({ index, error }) => [index, carry(error)])), outputs }
}

function contextOf(call: CallMessage, { produce }: ThreadOutputs): ThreadContext {
  const { attempt, deadlineMs, groupId, memberId, epoch, bindings, batch } = call
  const logger = threadLogger(bindings, (line) => parentPort?.postMessage(line))
  const context = { attempt, deadline: new Date(deadlineMs), groupId, memberId, epoch, logger, produce }
  return batch ? { ...context, ...{ settle: refuseSettle } } : context
}

/** Types do not offer it; a handler that was moved into a thread may still call it. */
function refuseSettle(): never {
  throw new HoldfastError(
    'HF_BATCH_RESULT_INVALID',
    'context.settle cannot be called in a thread: the ledger is not there.\n  Fix: answer one entry for each record of the batch, or leave isolate out.',
  )
}

async function loadHandler(module: string): Promise<Handler> {
  const exported = ((await import(module)) as { readonly default?: unknown }).default
  if (typeof exported === 'function') return exported as Handler
  const found = exported === undefined ? 'it has none' : `it is of type ${typeof exported}`
  throw new Error(`its default export must be the handler, and ${found}`)
}
