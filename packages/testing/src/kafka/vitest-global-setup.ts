import type {} from 'vitest'

import { kafka } from './kafka.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the Kafka that the test files of this run share. */
    kafkaBrokers: readonly string[]
  }
}

/** What of vitest's project the set-up needs. */
export interface KafkaProject {
  provide(key: 'kafkaBrokers', value: readonly string[]): void
}

/**
 * A vitest `globalSetup`: one Kafka for all test files of a run, which take its brokers by
 * `inject('kafkaBrokers')`. Tests that break a broker bring up one of their own by `kafka()`.
 */
export async function setup(project: KafkaProject): Promise<() => Promise<void>> {
  const cluster = await kafka({ keepClasses: true })
  project.provide('kafkaBrokers', cluster.brokers)
  return () => cluster.stop()
}
