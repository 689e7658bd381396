import { type Consumer, type ConsumerOptions, createConsumer, type Logger } from '@holdfast/core'
import { type KafkajsOptions, kafkajs } from '../../src/index.ts'
import { TooLate } from './until.ts'

const MOST_LINES = 50

type Given = Pick<ConsumerOptions, 'groupId' | 'handlers'> & Partial<ConsumerOptions>

/** Short sessions and frequent heartbeats, so that rebalances take moments. */
const TIMING = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 8_000, fetchMaxWaitMs: 100 }

export type TestConsumerOptions = Partial<Omit<KafkajsOptions, 'brokers'>>

export function testConsumer(brokers: readonly string[], options: Given, driver: TestConsumerOptions = {}): Consumer {
  const lines: string[] = []
  const consumer = createConsumer({
    driver: kafkajs({ brokers, ...driver }),
    logger: logging((line) => lines.push(line)),
    order: 'partition',
    ...TIMING,
    ...options,
  })
  linesOf.set(consumer, lines)
  return consumer
}

/** What each has logged, for the tests that fail. */
const linesOf = new WeakMap<Consumer, readonly string[]>()

function logging(write: (line: string) => void): Logger {
  const at =
    (level: string) =>
    (fields: object, message?: string): void => {
      const { err, ...rest } = fields as { err?: unknown }
      write(`${Math.round(performance.now())} ${level} ${message} ${JSON.stringify(rest)} ${err ?? ''}`)
    }
  const logger = { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') }
  return { ...logger, child: () => logging(write) } as unknown as Logger
}

/** Runs a consumer until the callback is through, then stops it. */
export async function whileRunning<T>(consumer: Consumer, callback: () => Promise<T>): Promise<T> {
  const running = consumer.run()
  try {
    return await Promise.race([
      callback(),
      running.then(() => Promise.reject(new Error('the consumer ended by itself'))),
    ])
  } catch (error) {
    if (error instanceof TooLate)
      error.message += `\n${JSON.stringify(consumer.status())}\n${linesOf.get(consumer)?.slice(-MOST_LINES).join('\n')}`
    throw error
  } finally {
    await consumer.stop()
    await running
  }
}
