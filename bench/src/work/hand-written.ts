import type { EachBatchHandler, EachBatchPayload, KafkaMessage } from 'kafkajs'
import PQueue from 'p-queue'
import { readKeyNumber } from '../check/key-number.ts'
import type { Delivered, Handle } from './delivered.ts'

/**
 * Makes an `eachBatch` over a pool of slots that all partitions share. It returns when all records of its batch are
 * done; kafkajs then resolves the last offset, and fetches on.
 */
export type HandleBatches = (slots: number, handle: Handle) => EachBatchHandler

export function toDelivered(partition: number, { offset, key, timestamp }: KafkaMessage): Delivered {
  return { partition, offset: Number(offset), key, timestamp: Number(timestamp) }
}

/** The records of a batch in a pool, in no order. */
export const handleInPool: HandleBatches = (slots, handle) => {
  const pool = new PQueue({ concurrency: slots })
  return async (payload) => {
    await pool.addAll(payload.batch.messages.map((message) => () => handleOne(payload, message, handle)))
  }
}

/** The same, but the records of a key form a chain: each waits for the one before it, then for its turn in the pool. */
export const handleInChains: HandleBatches = (slots, handle) => {
  const pool = new PQueue({ concurrency: slots })
  return async (payload) => {
    const chains = new Map<number, Promise<void>>()
    for (const message of payload.batch.messages) {
      const key = readKeyNumber(message.key)
      const before = chains.get(key) ?? Promise.resolve()
      chains.set(
        key,
        before.then(() => pool.add(() => handleOne(payload, message, handle))),
      )
    }
    await Promise.all(chains.values())
  }
}

/** A batch may take longer than the session; kafkajs beats no more often than it must. */
async function handleOne({ batch, heartbeat }: EachBatchPayload, message: KafkaMessage, handle: Handle): Promise<void> {
  await handle(toDelivered(batch.partition, message))
  await heartbeat()
}
