import { type Consumer, type ConsumerOptions, createConsumer } from '@holdfast/core'
import { type KafkajsOptions, kafkajs } from '../../src/index.ts'
import { quietLogger } from './quiet-logger.ts'

type Given = Pick<ConsumerOptions, 'groupId' | 'handlers'> & Partial<ConsumerOptions>

/** Short sessions and frequent heartbeats, so that rebalances take moments. */
const TIMING = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 8_000, fetchMaxWaitMs: 100 }

export type TestConsumerOptions = Partial<Omit<KafkajsOptions, 'brokers'>>

export function testConsumer(brokers: readonly string[], options: Given, driver: TestConsumerOptions = {}): Consumer {
  return createConsumer({
    driver: kafkajs({ brokers, ...driver }),
    logger: quietLogger,
    order: 'partition',
    ...TIMING,
    ...options,
  })
}

/** Runs a consumer until the callback is through, then stops it. */
export async function whileRunning<T>(consumer: Consumer, callback: () => Promise<T>): Promise<T> {
  const running = consumer.run()
  try {
    return await Promise.race([
      callback(),
      running.then(() => Promise.reject(new Error('the consumer ended by itself'))),
    ])
  } finally {
    await consumer.stop()
    await running
  }
}
