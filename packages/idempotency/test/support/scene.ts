import { type ConsumerOptions, type ConsumerRecord, type HandlerContext, type Middleware, on } from '@holdfast/core'
import { createFakeClock, type FakeBroker, type FakeClock, fakeBroker } from '@holdfast/testing'
import { type Rig, rig } from '../../../core/test/support/harness.ts'
import { memoryStore } from '../../src/memory/memory-store.ts'
import { idempotent } from '../../src/middleware/idempotent.ts'
import type { IdempotentOptions } from '../../src/middleware/options.ts'
import { FaultyStore } from './faulty-store.ts'

export type Work = (value: string, context: HandlerContext, record: ConsumerRecord) => unknown

export interface Scene extends Rig {
  readonly broker: FakeBroker
  readonly store: FaultyStore
  readonly clock: FakeClock
  /** The values that the handler was called with. */
  readonly calls: string[]
  produce(...values: readonly string[]): void
}

export interface SceneOptions {
  readonly once?: Partial<IdempotentOptions>
  readonly consumer?: Partial<ConsumerOptions>
  readonly work?: Work
  readonly store?: FaultyStore
  readonly broker?: FakeBroker
  readonly clock?: FakeClock
}

/** A consumer of `t` whose keys are the values of its records, over a store that a test can break. */
export async function onceScene(options: SceneOptions = {}): Promise<Scene> {
  const { once = {}, consumer = {}, work = () => undefined, clock = createFakeClock() } = options
  const store = options.store ?? new FaultyStore(memoryStore({ clock }))
  const broker = options.broker ?? newBroker()
  const calls: string[] = []
  const handler = on('t', async (record: ConsumerRecord, context) => {
    const value = String(record.value)
    calls.push(value)
    return work(value, context, record)
  })
  const use: Middleware[] = [idempotent({ store, key: ({ value }) => value as Uint8Array, ...once })]
  const made = rig(
    {
      driver: broker.driver(),
      handlers: [handler],
      use,
      order: 'none',
      maxAttempts: 1,
      delivery: 'exactly-once',
      ...consumer,
    },
    clock,
  )
  made.start()
  await clock.settle()
  const produce = (...sent: readonly string[]): void => {
    broker.produce(
      't',
      sent.map((value) => ({ value, partition: 0 })),
    )
  }
  return { ...made, broker, store, clock, calls, produce }
}

export function newBroker(partitions = 1): FakeBroker {
  const broker = fakeBroker()
  broker.createTopic('t', partitions)
  broker.createTopic('t.dead')
  return broker
}
