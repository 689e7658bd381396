import { createConsumer } from '../consumer.ts'
import { HoldfastError } from '../errors/holdfast-error.ts'
import type { ConsumerRecord } from '../model/record.ts'
import { on } from '../pipeline/handler.ts'
import { RetryLater } from '../policy/verdicts.ts'
import type { Clock } from '../ports/clock.ts'
import { systemClock } from '../ports/clock.ts'
import type { Driver, DriverFactory } from '../ports/driver.ts'
import type { Logger } from '../ports/logger.ts'
import type { PartitionStatus } from '../runtime/status.ts'

/** How often it is looked whether all has been read. */
const LOOK_EVERY_MS = 100

/** What the first fetch brought has been handed over when the second one is answered. */
const FETCHES = 2

/** What came after the call began is not read: it is left open, and the call does not last for so long. */
const LEFT_MS = 2 ** 31 - 1
const NOT_NOW = 'it came after the call began, and is left for the next one'
const UNTRIED = { isAttempt: false }

/** A record can be dead because it is beyond such a limit. */
const NO_LIMITS = {
  maxRecordKeyBytes: Number.MAX_SAFE_INTEGER,
  maxRecordValueBytes: Number.MAX_SAFE_INTEGER,
  maxRecordHeaders: Number.MAX_SAFE_INTEGER,
  maxRecordHeaderBytes: Number.MAX_SAFE_INTEGER,
}

export interface LetterSource {
  readonly driver: DriverFactory
  /** The dead-letter topic. */
  readonly topic: string
  readonly groupId: string
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
  readonly signal?: AbortSignal | undefined
  /** At most so many are read a second. */
  readonly perSecond?: number | undefined
}

/** What is done with a record; `stop`: it and all after it stay where they are. */
export type TakeLetter = (record: ConsumerRecord, driver: Driver) => Promise<'next' | 'stop'>

/**
 * Reads a dead-letter topic to its end as of now, as a consumer of its group: what was taken is committed, so that the next
 * call goes on behind it, and several processes share the partitions.
 */
export async function readLetters(source: LetterSource, take: TakeLetter): Promise<void> {
  const { topic, groupId, logger, clock = systemClock, signal, perSecond } = source
  let driver: Driver | undefined
  const enough = Promise.withResolvers<void>()
  let failure: { readonly error: unknown } | undefined
  /** By partition, where it ended when it was read first: what has come since is for the next call. */
  const ends = new Map<number, number>()
  const noteEnds = (): readonly PartitionStatus[] => {
    const { partitions } = consumer.status()
    for (const { partition, logEnd } of partitions)
      if (logEnd !== undefined && !ends.has(partition)) ends.set(partition, logEnd)
    return partitions
  }
  const handler = on(topic, async (record, context) => {
    if (!ends.has(record.partition)) noteEnds()
    if (record.offset >= (ends.get(record.partition) ?? Number.POSITIVE_INFINITY))
      throw new RetryLater(LEFT_MS, NOT_NOW, UNTRIED)
    let verdict: 'next' | 'stop'
    try {
      verdict = await take(record, driver as Driver)
    } catch (error) {
      failure = { error }
      verdict = 'stop'
    }
    if (verdict === 'next') return
    enough.resolve()
    // Not settled: the record stays uncommitted, and the stop of the consumer ends the wait.
    await aborted(context.signal)
    throw context.signal.reason
  })
  const consumer = createConsumer({
    driver: capturing(source.driver, (made) => {
      driver = made
    }),
    groupId,
    // One at a time: what a stop leaves is exactly what comes after it.
    order: 'partition',
    concurrency: 1,
    handlers: [handler],
    ...NO_LIMITS,
    clock,
    ...(logger === undefined ? {} : { logger }),
    ...(perSecond === undefined ? {} : { rateLimit: { records: perSecond, intervalMs: 1_000 } }),
  })
  consumer.on('partition:halted', ({ error }) => {
    failure = { error }
    enough.resolve()
  })
  const running = consumer.run(signal === undefined ? {} : { signal })
  const look = (): void => {
    const partitions = noteEnds()
    const isRead = partitions.every(
      (partition) => (driver?.answers.fetchesOf(partition) ?? 0) >= FETCHES && isThrough(partition, ends),
    )
    if (consumer.status().state === 'running' && partitions.length > 0 && isRead) enough.resolve()
    else timer = clock.setTimer(look, LOOK_EVERY_MS)
  }
  let timer = clock.setTimer(look, LOOK_EVERY_MS)
  try {
    await Promise.race([enough.promise, running])
  } finally {
    timer.clear()
    await consumer.stop({ timeoutMs: 0 })
    await running
  }
  if (failure !== undefined) throw failure.error
  if (signal?.aborted)
    throw new HoldfastError('HF_ABORTED', `reading ${topic} was given up; what was taken is committed.`)
}

/** Whether all is committed that was there at first, or that is there. */
function isThrough(
  { partition, logEnd = 0, lag = 0, open }: PartitionStatus,
  ends: ReadonlyMap<number, number>,
): boolean {
  const end = ends.get(partition) ?? Number.POSITIVE_INFINITY
  return logEnd - lag >= end || (open === 0 && lag === 0)
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** The driver that a consumer makes, for what its handlers write. */
function capturing(factory: DriverFactory, made: (driver: Driver) => void): DriverFactory {
  return {
    name: factory.name,
    describe: () => factory.describe(),
    create: (context) => {
      const driver = factory.create(context)
      made(driver)
      return driver
    },
  }
}

/** A group of its own, which the brokers forget by themselves. */
export function temporaryGroup(topic: string): string {
  return `${topic}.peek.${crypto.randomUUID()}`
}
