import { HoldfastError } from '../errors/holdfast-error.ts'
import { partitionName } from '../model/topic-partition.ts'
import { type AttemptCall, type Middleware, recordsOnly } from '../pipeline/middleware.ts'
import { untried, withoutStore } from '../pipeline/untried.ts'
import { checkCount } from './checks.ts'
import type { StartStore } from './start-store.ts'
import { Line } from './waiting.ts'

/** A suspect waits for its turn for so much of its time; then it steps back, untried, before its time is up. */
const WAIT = 0.25

/** Options of `poisonGuard`. */
export interface PoisonGuardOptions {
  /** As `fileStartStore(directory)`, or one of your own. */
  readonly store: StartStore
  /** So many starts without an end convict a record. @default 3 */
  readonly maxDeliveries?: number
}

/**
 * Finds the record that kills its process again and again: one that was begun `maxDeliveries` times, and whose handler
 * never came back, fails without being tried. What was begun beside it is suspected too, so records that were begun and not
 * ended run one at a time: at the next crash only one of them is counted again. While the store has no answer no record is
 * tried, and none is given up. Not for batch handlers.
 * @throws HF_OPTION_INVALID; HF_POISON_RECORD as the error of the attempt
 */
export function poisonGuard({ store, maxDeliveries = 3 }: PoisonGuardOptions): Middleware {
  checkCount('poisonGuard', 'maxDeliveries', maxDeliveries)
  const suspects = new Line()
  // A start that stays behind makes the record a suspect, and no more.
  const forget = (id: string, { logger }: AttemptCall): Promise<void> =>
    store.end(id).catch((error: unknown) => logger.warn({ err: error }, 'a start cannot be forgotten'))
  return recordsOnly(async function poisonGuard(call, next) {
    const id = idOf(call)
    const starts = await answerOf(() => store.unfinished(id))
    if (starts >= maxDeliveries) throw poisoned(call, starts)
    const leave = starts === 0 ? undefined : await turnOf(call, suspects)
    try {
      await answerOf(() => store.begin(id))
      return await next().finally(() => forget(id, call))
    } finally {
      leave?.()
    }
  })
}

async function answerOf<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    throw withoutStore('the store of poisonGuard', error)
  }
}

/** Answers what ends the turn. To have had none is no attempt. */
async function turnOf({ clock, deadline, signal }: AttemptCall, suspects: Line): Promise<() => void> {
  const enough = new AbortController()
  const timer = clock.setTimer(() => enough.abort(), WAIT * (deadline.getTime() - clock.wallNow()))
  try {
    return await suspects.enter(AbortSignal.any([signal, enough.signal]))
  } catch {
    signal.throwIfAborted()
    throw untried('other suspects run first')
  } finally {
    timer.clear()
  }
}

/** A topic that is created anew counts from 0 again; the timestamp tells its records from those before. */
function idOf({ groupId, record }: AttemptCall): string {
  return `${groupId} ${partitionName(record)}@${record.offset} of ${record.timestamp}`
}

function poisoned({ record, handler }: AttemptCall, starts: number): HoldfastError {
  const { topic, partition, offset } = record
  return new HoldfastError(
    'HF_POISON_RECORD',
    `${partitionName(record)}@${offset} was handed to ${handler} ${starts} times, and its process ended each time before the handler came back.\n  Fix: correct the handler, then remove the record from the store of poisonGuard.`,
    { details: { topic, partition, offset, handler, starts } },
  )
}
