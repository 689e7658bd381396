import type { EachBatchHandler } from 'kafkajs'
import { readRequest } from '../requests/mail-request.ts'
import { MAX_POLL_INTERVAL_MS } from '../scale.ts'
import type { Arm } from './arm.ts'
import { runRaw } from './raw-consumer.ts'

const RECORDS_PER_POLL = 2
const CONFIG = { sessionTimeout: 2 * MAX_POLL_INTERVAL_MS, rebalanceTimeout: 2 * MAX_POLL_INTERVAL_MS } as const

/** What the team did: two records a poll, a heartbeat and a commit for each, twice the interval, three processes. */
export const manualCure: Arm = {
  name: 'manual-cure',
  title: 'kafkajs, cured by hand',
  members: 3,
  run(place, ports) {
    const eachBatch: EachBatchHandler = async (payload) => {
      for (const message of payload.batch.messages.slice(0, RECORDS_PER_POLL)) {
        if (!payload.isRunning() || payload.isStale()) break
        await ports.handle(readRequest(message.value))
        payload.resolveOffset(message.offset)
        await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
        await payload.heartbeat()
      }
    }
    return runRaw(place, ports, { eachBatch, eachBatchAutoResolve: false }, CONFIG)
  },
}
