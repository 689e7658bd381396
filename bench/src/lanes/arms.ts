import { createConsumer, on } from '@holdfast/core'
import PQueue from 'p-queue'
import { errorsOnly } from '../kafka/errors-only.ts'
import { feedingDriver } from './feeding-driver.ts'

/** Records by their offsets, each with its key; `task` is to run in order per key. */
export interface LanesLoad {
  readonly records: number
  keyNumberOf(offset: number): number
  keyOf(offset: number): Buffer
  task(offset: number): Promise<void>
}

/** Runs every task, and answers how to end. */
type LanesArm = (load: LanesLoad) => Promise<() => Promise<void>>

const TOPIC = 'lanes'
const SLOTS = 100
/** Hand-written code takes a fetch at a time. */
const FETCHED = 500

/** The whole consumer, ledger and commits included; only the broker is missing. */
async function runHoldfast({ records, keyOf, task }: LanesLoad): Promise<() => Promise<void>> {
  const consumer = createConsumer({
    driver: feedingDriver({ topic: TOPIC, records, keyOf }),
    groupId: 'lanes',
    logger: errorsOnly,
    concurrency: SLOTS,
    handlers: [on(TOPIC, ({ offset }) => task(offset))],
  })
  const running = consumer.run()
  return async () => {
    await consumer.stop()
    await running
  }
}

type Submit = (key: number, task: () => Promise<void>) => Promise<unknown>

async function runInFetches(load: LanesLoad, submit: Submit): Promise<() => Promise<void>> {
  for (let first = 0; first < load.records; first += FETCHED) {
    const end = Math.min(load.records, first + FETCHED)
    const tasks = Array.from({ length: end - first }, (_, index) =>
      submit(load.keyNumberOf(first + index), () => load.task(first + index)),
    )
    await Promise.all(tasks)
  }
  return async () => undefined
}

function runInQueues(load: LanesLoad): Promise<() => Promise<void>> {
  const queues = new Map<number, PQueue>()
  return runInFetches(load, (key, task) => {
    const queue = queues.get(key) ?? new PQueue({ concurrency: 1 })
    queues.set(key, queue)
    return queue.add(task)
  })
}

function runInChains(load: LanesLoad): Promise<() => Promise<void>> {
  const chains = new Map<number, Promise<void>>()
  return runInFetches(load, (key, task) => {
    const chain = (chains.get(key) ?? Promise.resolve()).then(task)
    chains.set(key, chain)
    return chain
  })
}

export const LANES_ARMS: Readonly<Record<string, LanesArm>> = {
  holdfast: runHoldfast,
  'p-queue per key': runInQueues,
  'promise chain per key': runInChains,
}
