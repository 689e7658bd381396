import { createConsumer, on } from '@holdfast/core'
import { kafkajs } from '../../src/index.ts'
import { quietLogger } from '../support/quiet-logger.ts'

/** What this process is told on its command line. */
export interface BombReaderSettings {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly deadLetterTopic: string
  /** When so many records have been handled it ends. */
  readonly records: number
}

/** What it says at its end. */
export interface BombReport {
  readonly handled: number
  readonly quarantined: number
  /** Resident memory beyond that at the first record, at its highest. */
  readonly grownBytes: number
  /** The most processor time between two turns of the event loop; time on the clock is the machine's too. */
  readonly longestBlockMs: number
}

const LOOK_EVERY_MS = 5

/** Reads a topic with bombs in it, and measures itself meanwhile. */
async function main({ brokers, topic, deadLetterTopic, records }: BombReaderSettings): Promise<void> {
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let [handled, baseBytes, peakBytes, lookedMs, longestBlockMs] = [0, 0, 0, processorMs(), 0]
  const look = (): void => {
    const nowMs = processorMs()
    if (baseBytes > 0) longestBlockMs = Math.max(longestBlockMs, nowMs - lookedMs)
    lookedMs = nowMs
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  const handler = on(topic, () => {
    handled += 1
    if (handled === 1) baseBytes = process.memoryUsage.rss()
    if (handled === records) resolve()
  })
  const consumer = createConsumer({
    driver: kafkajs({ brokers }),
    groupId: topic,
    deadLetterTopic,
    retryBackoffMs: 50,
    logger: quietLogger,
    handlers: [handler],
  })
  const running = consumer.run()
  await Promise.race([done, running])
  look()
  const { quarantined } = consumer.status()
  clearInterval(timer)
  await consumer.stop()
  await running
  const report: BombReport = { handled, quarantined, grownBytes: peakBytes - baseBytes, longestBlockMs }
  process.send?.(report)
  process.disconnect?.()
}

function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

await main(JSON.parse(process.argv[2] as string) as BombReaderSettings)
