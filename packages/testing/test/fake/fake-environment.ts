import { setImmediate } from 'node:timers/promises'
import type { DriverFactory } from '@holdfast/core'
import type { DriverEnvironment } from '../../src/contract/driver-contract.ts'
import { fakeBroker } from '../../src/fake-driver.ts'

/** The fake driver as the contract sees it; `wrap` lets a test break it. */
export function fakeEnvironment(
  wrap: (factory: DriverFactory) => DriverFactory = (factory) => factory,
): DriverEnvironment {
  const broker = fakeBroker()
  return {
    deadlineMs: 1_000,
    createTopic: async (topic, partitions) => broker.createTopic(topic, partitions),
    produce: async (topic, partition, values) =>
      void broker.produce(
        topic,
        values.map((value) => ({ value, partition })),
      ),
    produceUndeliverable: async (topic, partition) => broker.produceUndeliverable(topic, partition, 2),
    committed: async (groupId, topic, partition) => broker.committed(topic, partition, groupId),
    driver: () => wrap(broker.driver({ maxBatchRecords: 20 })),
    quiet: async () => {
      for (let turn = 0; turn < 20; turn += 1) await setImmediate()
    },
    close: async () => undefined,
  }
}
