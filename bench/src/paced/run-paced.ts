import { setTimeout as delay } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import { writeKey } from '../check/key-number.ts'
import { runArm } from '../harness/run-arm.ts'
import type { Sample } from '../harness/sample.ts'
import { connectProducer, createTopic } from '../kafka/fill-topic.ts'
import { createRandom } from '../stats/random.ts'
import { SEED } from '../work/contest.ts'
import { firstKeyOf, keysOf, type Load, Pace, recordsOf } from './load.ts'

const TICK_MS = 10

/** A record that is produced once, beside the load. */
export interface ExtraRecord {
  readonly atMs: number
  readonly partition: number
  readonly key: number
}

export interface PacedRun<Settings> {
  readonly program: URL
  readonly arm: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly partitions: number
  /** Of each value. */
  readonly bytes: number
  readonly load: Load
  readonly extras?: readonly ExtraRecord[]
  readonly settings: Settings
}

/** Produces while the arm reads, from when it reads every partition. */
export async function runPaced<Settings extends object>(run: PacedRun<Settings>): Promise<Sample> {
  const { program, arm, brokers, topic, partitions, bytes, load, extras = [], settings } = run
  await createTopic(brokers, { topic, partitions })
  const producer = await connectProducer(brokers)
  const value = Buffer.alloc(bytes, 'x')
  const first = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    key: writeKey(firstKeyOf(partition)),
    value,
  }))
  await producer.send({ topic, messages: first })
  const { promise: isReading, resolve: onReady } = Promise.withResolvers<void>()
  const checked = { records: recordsOf(load, partitions) + extras.length, keys: keysOf(partitions) }
  const told = { arm, brokers, topic, groupId: topic, partitions, ...checked, ...settings }
  const [sample] = await Promise.all([
    runArm({ program, settings: told, onReady }),
    isReading.then(() => produce(producer, topic, value, { load, extras })),
  ])
  await producer.disconnect()
  return sample
}

async function produce(
  producer: Producer,
  topic: string,
  value: Buffer,
  { load, extras }: { readonly load: Load; readonly extras: readonly ExtraRecord[] },
): Promise<void> {
  const pace = new Pace(load, createRandom(SEED))
  const startedMs = performance.now()
  let sent = 0
  for (let elapsedMs = 0; elapsedMs < load.seconds * 1_000; ) {
    await delay(TICK_MS)
    elapsedMs = performance.now() - startedMs
    const timestamp = String(Date.now())
    const due = extras.filter(({ atMs }) => atMs <= elapsedMs).slice(sent)
    sent += due.length
    const messages = [
      ...pace.dueAt(elapsedMs).map((key) => ({ key: writeKey(key), value, timestamp })),
      ...due.map(({ key, partition }) => ({ key: writeKey(key), partition, value, timestamp })),
    ]
    if (messages.length > 0) await producer.send({ topic, messages })
  }
}
