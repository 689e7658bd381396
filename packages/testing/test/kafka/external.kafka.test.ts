import { expect, inject, test } from 'vitest'

import { kafka } from '../../src/kafka/kafka.ts'

test('KAFKA_BROKERS is used as it is, and is not ours to break or to stop', async () => {
  const shared = inject('kafkaBrokers')
  const lines: string[] = []
  const env = { KAFKA_BROKERS: shared.join() }
  const cluster = await kafka({ env, log: (line) => lines.push(line) })
  expect(cluster).toMatchObject({ via: 'external', brokers: shared })
  expect(lines).toEqual([
    `kafka: external Kafka at ${shared.join()} · Docker was not needed · local JVM was not needed`,
  ])
  await expect(cluster.kill()).rejects.toMatchObject({ code: 'KAFKA_FAULT_REFUSED' })
  await cluster.stop()
  await using again = await kafka({ env, log: () => undefined })
  expect(again.via).toBe('external')
})
