import { setTimeout as delay } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import type { Log } from '../bench.ts'
import { writeKey } from '../check/key-number.ts'
import type { Column, Table } from '../harness/report.ts'
import { runArm } from '../harness/run-arm.ts'
import type { Sample } from '../harness/sample.ts'
import { takeTurns, withRatio } from '../harness/take-turns.ts'
import { connectProducer, createTopic } from '../kafka/fill-topic.ts'
import { createRandom } from '../stats/random.ts'
import { SEED } from '../work/contest.ts'
import type { WayName } from '../work/ways.ts'
import { firstKeyOf, keysOf, type Load, Pace, recordsOf } from './load.ts'
import { PARTITIONS, SLOTS, WAIT_MS } from './scene.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
const ARMS: readonly WayName[] = ['holdfast key order', 'key chains per batch, partitions at once']
const COLD_PER_SECOND = 500
/** Half as much again as the lane of one key can do. */
const HOT_PER_SECOND: number = 1.5 * (1_000 / WAIT_MS)
const TICK_MS = 10
/** The backlog of the hot key must fit, or cold keys of its partition wait outside. */
const MAX_POLL_RECORDS = 10_000

const ALONE = 'cold keys alone'
const LOADS: Readonly<Record<string, number>> = { [ALONE]: 0, 'beside a hot key': HOT_PER_SECOND }

const COLUMNS: readonly Column[] = [
  { metric: 'p99Ms', title: 'p99 wait ms', digits: 0, hasSpread: true },
  { metric: 'ratio', title: 'ratio to alone', digits: 2 },
  { metric: 'p50Ms', title: 'p50 wait ms', digits: 0 },
  { metric: 'waits', title: 'waits', digits: 0 },
]

export interface ColdWaitOptions {
  readonly brokers: readonly string[]
  readonly seconds: number
  readonly bytes: number
  readonly rounds: number
}

/** How long records of cold keys wait from their production to their handler, alone and beside a hot key's backlog. */
export async function measureColdWait({ rounds, ...scene }: ColdWaitOptions, log: Log): Promise<Table> {
  const contestants = ARMS.flatMap((arm) =>
    Object.entries(LOADS).map(([load, hotPerSecond]) => ({
      labels: { name: arm, load },
      run: (round: number) => {
        const topic = `bench-cold-${process.pid}-${ARMS.indexOf(arm)}-${hotPerSecond}-${round}`
        return runPaced(scene, topic, arm, { coldPerSecond: COLD_PER_SECOND, hotPerSecond, seconds: scene.seconds })
      },
    })),
  )
  const runs = await takeTurns(contestants, rounds, log)
  const compared = ARMS.flatMap((arm) =>
    withRatio(
      runs.filter(({ labels }) => labels.name === arm),
      'p99Ms',
      ({ load }) => load === ALONE,
    ),
  )
  return { name: 'coldWait', columns: COLUMNS, runs: compared }
}

/** Produces while the arm reads, from when it reads every partition. */
async function runPaced(
  { brokers, bytes }: Pick<ColdWaitOptions, 'brokers' | 'bytes'>,
  topic: string,
  arm: WayName,
  load: Load,
): Promise<Sample> {
  await createTopic(brokers, { topic, partitions: PARTITIONS })
  const producer = await connectProducer(brokers)
  const value = Buffer.alloc(bytes, 'x')
  const first = Array.from({ length: PARTITIONS }, (_, partition) => ({
    partition,
    key: writeKey(firstKeyOf(partition)),
    value,
  }))
  await producer.send({ topic, messages: first })
  const { promise: isReading, resolve: onReady } = Promise.withResolvers<void>()
  const settings = {
    arm,
    brokers,
    topic,
    groupId: topic,
    partitions: PARTITIONS,
    records: recordsOf(load, PARTITIONS),
    keys: keysOf(PARTITIONS),
    slots: SLOTS,
    maxPollRecords: MAX_POLL_RECORDS,
  }
  const [sample] = await Promise.all([
    runArm({ program: PROGRAM, settings, onReady }),
    isReading.then(() => produce(producer, topic, value, load)),
  ])
  await producer.disconnect()
  return sample
}

async function produce(producer: Producer, topic: string, value: Buffer, load: Load): Promise<void> {
  const pace = new Pace(load, createRandom(SEED))
  const startedMs = performance.now()
  for (let elapsedMs = 0; elapsedMs < load.seconds * 1_000; ) {
    await delay(TICK_MS)
    elapsedMs = performance.now() - startedMs
    const timestamp = String(Date.now())
    const messages = pace.dueAt(elapsedMs).map((key) => ({ key: writeKey(key), value, timestamp }))
    if (messages.length > 0) await producer.send({ topic, messages })
  }
}
