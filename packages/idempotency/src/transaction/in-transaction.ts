import {
  type AttemptCall,
  type ConsumerRecord,
  declareMiddleware,
  failuresOf,
  type Middleware,
  type Next,
  RetryLater,
  Unavailable,
} from '@holdfast/core'
import { unavailable } from '../middleware/errors.ts'
import {
  fieldsOf,
  IN_FAILED_TRANSACTION,
  isConflict,
  type PostgresClient,
  queriesOf,
  sqlState,
} from '../postgres/postgres-client.ts'
import { type TransactionClient, transactionsOf } from '../postgres/transactions.ts'
import { Partitions } from './partitions.ts'
import type { Progress } from './progress.ts'
import { DEFAULT_PROGRESS_TABLE, progressStatements } from './tables.ts'

/** Options of `inTransaction`. */
export interface InTransactionOptions {
  /** The tables as `migrateProgress` makes them: this, and this with `_done`. @default 'holdfast_progress' */
  readonly table?: string
}

/** Middleware that handles records in transactions, and what the handler gets of it. */
export interface InTransaction<Transaction> {
  /** For `use` of the consumer or of handlers. */
  readonly middleware: Middleware
  /**
   * The transaction that a record is handled in; of a batch any of its records will do.
   * @throws TypeError for a record that is not being handled
   */
  of(record: object): Transaction
}

/** After a transaction that lost to another one, a note of somebody else, or a takeover. */
const AGAIN_MS = 100
/** A partition that another process has taken over is not taken back sooner: by then the group has said whose it is. */
const TAKEN_MS = 10_000
/**
 * What the server refuses of what the handler has done, by classes of SQLSTATE: a constraint or trigger that was deferred to the
 * commit, or a statement whose error the handler has caught. It would do so each time.
 */
const REFUSED = /^(?:22|23|27|38|39|42|44|P0)|^25P02$/

type Record = ConsumerRecord<unknown, unknown, unknown>

/**
 * Handles each record in a transaction of Postgres of its own, in which it is also noted that the record is done: both are
 * committed, or neither. A record that is noted is not handled again, whatever the group has committed; the start of a
 * partition comes from the database. A process that has lost its partition to another one cannot commit: its transaction
 * ends by looking whose the partition is.
 *
 * Of a batch all records are handled in one transaction, and fail together.
 * @throws HF_OPTION_INVALID
 */
export function inTransaction<Transaction = PostgresClient>(
  client: TransactionClient,
  { table = DEFAULT_PROGRESS_TABLE }: InTransactionOptions = {},
): InTransaction<Transaction> {
  const statements = progressStatements(table)
  const runIn = transactionsOf(client, 'inTransaction')
  const partitions = new Partitions(queriesOf(client, 'inTransaction'), statements)
  const transactions = new WeakMap<object, PostgresClient>()

  const handle = async (records: readonly Record[], progress: Progress, call: AttemptCall, next: Next) => {
    let answer: unknown
    const course: { step: 'begin' | 'handle' | 'note' | 'commit' } = { step: 'begin' }
    try {
      await runIn(async (transaction) => {
        course.step = 'handle'
        for (const record of records) transactions.set(record, transaction)
        answer = await next(call.batch ? { records, settle: () => undefined } : undefined)
        const [failure] = call.batch ? failuresOf(answer, records.length) : []
        if (failure !== undefined) throw failure.error
        if (call.signal.aborted) throw call.signal.reason
        course.step = 'note'
        await note(transaction, records, progress, call).catch((error: unknown) => {
          // A statement of the handler had failed, and it went on: no fault of the note.
          if (sqlState(error) === IN_FAILED_TRANSACTION) course.step = 'commit'
          throw error
        })
        course.step = 'commit'
      })
    } catch (error) {
      if (error instanceof RetryLater || (course.step === 'handle' && !isConflict(error))) throw error
      partitions.doubt(call)
      if (isConflict(error)) throw again('its transaction lost to another one', error)
      if (course.step === 'commit' && REFUSED.test(String(sqlState(error)))) throw error
      // After a commit without an answer the database is asked, before anything is done again.
      throw unavailable('postgres', error)
    } finally {
      for (const record of records) transactions.delete(record)
    }
    return answer
  }

  const note = async (
    transaction: PostgresClient,
    records: readonly Record[],
    progress: Progress,
    call: AttemptCall,
  ) => {
    const place = [call.groupId, call.topic, call.partition, progress.epoch]
    const [row] = await queriesOf(transaction)(statements.note, [...place, records.map(({ offset }) => offset)])
    const [owned, noted] = fieldsOf(row).map(Number)
    if (owned === 1 && noted === records.length) return
    if (owned === 1) {
      partitions.doubt(call)
      throw again('another attempt has done it meanwhile')
    }
    setTimeout(() => partitions.doubt(call), TAKEN_MS).unref()
    throw again('another process has taken its partition over', undefined, TAKEN_MS / 2)
  }

  const middleware: Middleware = async (call, next) => {
    const progress = await partitions.of(call).catch((error: unknown) => {
      throw error instanceof Unavailable ? error : unavailable('postgres', error)
    })
    const open = call.records.filter((record) => !progress.isDone(record))
    if (open.length === 0) return call.batch ? call.records.map(() => undefined) : undefined
    const answer = await handle(open, progress, call, next)
    return call.batch ? call.records.map(() => undefined) : answer
  }

  return {
    middleware: declareMiddleware(middleware, {
      provides: 'effects once',
      refusesRetryTopics: true,
      startsAt: (groupId, assigned) => partitions.startsAt(groupId, assigned),
      committed: (groupId, partition, offset) => partitions.advance(groupId, partition, offset),
      reset: (groupId, partition, to) => partitions.reset(groupId, partition, to),
    }),
    of(record) {
      const transaction = transactions.get(record)
      if (transaction === undefined) throw new TypeError('this record is not being handled in a transaction')
      return transaction as Transaction
    },
  }
}

function again(why: string, cause?: unknown, delayMs: number = AGAIN_MS): RetryLater {
  return new RetryLater(delayMs, why, { cause, isAttempt: false })
}
