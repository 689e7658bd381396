import { HoldfastError } from '@holdfast/core'
import { fieldsOf, queriesOf } from '../postgres/postgres-client.ts'
import type { RunInTransaction } from '../postgres/transactions.ts'
import { type OutboxRow, rowOf } from './record-rows.ts'
import type { RelaySettings } from './relay-options.ts'
import type { OutboxStatements } from './statements.ts'
import { TopicRests } from './topic-rests.ts'

/** Some clients have it as a text. */
const YES: readonly unknown[] = [true, 't']
/** How much longer than a write its transaction may stand still. */
const SPARE_MS = 10_000

/**
 * Relays what comes first, once, and answers how many messages that were; 0 also while another relay is at it. Reading, writing
 * and deleting are one transaction under the lock of the table, so that what was read is written by nobody else meanwhile.
 * @throws what the client throws: what was written then stays in the table, and is written again
 */
export type RelayPass = () => Promise<number>

export function relayPass(
  inTransaction: RunInTransaction,
  statements: OutboxStatements,
  settings: RelaySettings,
  report: RelaySettings['onError'],
): RelayPass {
  const { clock, maxRecords, maxBytes, produceTimeoutMs } = settings
  const rests = new TopicRests(settings.restMs)

  const write = async (topic: string, rows: readonly OutboxRow[]): Promise<readonly OutboxRow[]> => {
    const taken = rows.slice(0, rests.widthOf(topic))
    try {
      await answered(topic, taken, settings)
      rests.succeeded(topic, taken.length === rows.length)
      return taken
    } catch (error) {
      report(error, { topic, retryInMs: rests.failed(topic, clock.now()) })
      return []
    }
  }

  return async () => {
    let count = 0
    const limitMs = produceTimeoutMs + 2 * SPARE_MS
    const controller = new AbortController()
    const timer = clock.setTimer(
      () => controller.abort(new Error(`Postgres has not answered within ${limitMs} ms`)),
      limitMs,
    )
    const pass = inTransaction(async (transaction) => {
      const run = queriesOf(transaction)
      const [lock] = await run(statements.lock, [String(produceTimeoutMs + SPARE_MS)])
      if (!YES.includes(fieldsOf(lock)[0])) return
      const found = await run(statements.read, [rests.resting(clock.now()), maxRecords, maxBytes])
      if (found.length === 0) return
      const topics = Map.groupBy(found.map(rowOf), ({ topic }) => topic)
      const written = (await Promise.all([...topics].map(([topic, rows]) => write(topic, rows)))).flat()
      if (written.length > 0) await run(statements.remove, [written.map(({ id }) => id)])
      count = written.length
    }, controller.signal)
    await pass.finally(() => timer.clear())
    return count
  }
}

async function answered(topic: string, rows: readonly OutboxRow[], settings: RelaySettings): Promise<void> {
  const { clock, produce, produceTimeoutMs } = settings
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = clock.setTimer(() => reject(unanswered(topic, rows.length, produceTimeoutMs)), produceTimeoutMs)
  try {
    await Promise.race([produce(rows.map(({ record }) => record)), late])
  } finally {
    timer.clear()
  }
}

function unanswered(topic: string, count: number, timeoutMs: number): HoldfastError {
  return new HoldfastError(
    'HF_PRODUCE_FAILED',
    `${count} messages of the outbox for ${topic} were not acknowledged within ${timeoutMs} ms; they may have been written, and are written again.\n  Fix: check the brokers of the topic, or raise produceTimeoutMs.`,
    { details: { topic } },
  )
}
