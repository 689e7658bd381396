import type { EachBatchHandler } from 'kafkajs'
import { readRequest } from '../requests/mail-request.ts'
import { MAX_POLL_INTERVAL_MS } from '../scale.ts'
import type { Arm } from './arm.ts'
import { runRaw } from './raw-consumer.ts'

/** kafkajs knows no poll interval: what ends the membership of a slow member is its session. */
const CONFIG = { sessionTimeout: MAX_POLL_INTERVAL_MS, rebalanceTimeout: MAX_POLL_INTERVAL_MS } as const

/** A loop over the batch that resolves each offset; kafkajs commits at the end of the batch, and beats between batches. */
export const rawEachBatch: Arm = {
  name: 'raw-each-batch',
  title: 'kafkajs eachBatch',
  members: 2,
  run(place, ports) {
    const eachBatch: EachBatchHandler = async ({ batch, resolveOffset, isRunning, isStale }) => {
      for (const message of batch.messages) {
        if (!isRunning() || isStale()) break
        await ports.handle(readRequest(message.value))
        resolveOffset(message.offset)
      }
    }
    return runRaw(place, ports, { eachBatch }, CONFIG)
  },
}
