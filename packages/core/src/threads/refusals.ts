import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { partitionName } from '../model/topic-partition.ts'
import type { DecodedRecord } from '../pipeline/decode.ts'
import type { AttemptEvent } from '../ports/events.ts'
import { notCloneable } from './not-cloneable.ts'

export function moduleInvalid(handler: string, module: URL, cause: unknown): HoldfastError {
  const hint =
    (cause as { code?: unknown } | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION'
      ? 'run it on Node 22.18 or later, which takes TypeScript, or name the compiled module'
      : 'correct the URL given to on, and export the handler as the default of the module'
  return new HoldfastError(
    'HF_THREAD_MODULE_INVALID',
    `the module of ${handler}, ${module.href}, cannot be used: ${describeError(cause)}.\n  Fix: ${hint}.`,
    { cause, details: { handler, module: module.href } },
  )
}

export function valueRefused(event: AttemptEvent, record: DecodedRecord, cause: unknown): HoldfastError {
  const reason =
    notCloneable(record.key, 'key') ?? notCloneable(record.value, 'value') ?? notCloneable(record.headers, 'headers')
  return new HoldfastError(
    'HF_THREAD_VALUE_REFUSED',
    `${partitionName(record)}@${record.offset} cannot be handed to ${event.handler} in its thread: ${reason ?? 'a part'}, which cannot be cloned.\n  Fix: decode to plain values, or leave the decoder out and decode in the module.`,
    { cause, details: { ...placeOf(event), offset: record.offset } },
  )
}

export function threadDied(event: AttemptEvent, cause: unknown): HoldfastError {
  return new HoldfastError(
    'HF_THREAD_DIED',
    `the thread of ${event.handler} ended while it handled ${partitionName(event)}@${event.offset}: ${describeError(cause)}.\n  Fix: await all that the handler begins, leave the process alone, and raise threads.resourceLimits where memory ran out.`,
    { cause, details: placeOf(event) },
  )
}

/** No thread comes up at all. */
export function noThread(cause: unknown): HoldfastError {
  return new HoldfastError(
    'HF_THREAD_DIED',
    `a thread ended before it was ready: ${describeError(cause)}.\n  Fix: raise threads.resourceLimits, or see what --require and --import load.`,
    { cause },
  )
}

function placeOf({ topic, partition, offset, handler }: AttemptEvent): Record<string, unknown> {
  return { topic, partition, offset, handler }
}
