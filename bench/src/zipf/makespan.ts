import type { Log } from '../bench.ts'
import type { Column, Table } from '../harness/report.ts'
import { type Contestant, takeTurns } from '../harness/take-turns.ts'
import { zipf as zipfKeys } from '../stats/keys.ts'
import { createRandom } from '../stats/random.ts'
import { fillWorkTopic, SEED, workContestant } from '../work/contest.ts'
import type { WayName } from '../work/ways.ts'
import { PARTITIONS, SLOTS, WAIT_MS } from './scene.ts'

const ARMS: readonly WayName[] = [
  'holdfast key order',
  'key chains per batch',
  'key chains per batch, partitions at once',
]

const COLUMNS: readonly Column[] = [
  { metric: 'recordsPerSecond', title: 'records/s', digits: 0, hasSpread: true },
  { metric: 'boundShare', title: 'boundShare', digits: 3, hasSpread: true },
  { metric: 'seconds', title: 'makespan s', digits: 2 },
  { metric: 'meanMs', title: 'handler ms', digits: 2 },
  { metric: 'cpuMicrosPerRecord', title: 'CPU µs/record', digits: 1 },
  { metric: 'rssMiB', title: 'RSS MiB', digits: 0 },
]

export interface MakespanOptions {
  readonly brokers: readonly string[]
  readonly records: number
  readonly bytes: number
  readonly rounds: number
  readonly keys: readonly number[]
}

/** How long a topic with Zipf's keys takes against what its hottest key and the slots allow. */
export async function measureMakespan(
  { brokers, records, bytes, rounds, keys }: MakespanOptions,
  log: Log,
): Promise<Table> {
  const contestants: Contestant[] = []
  for (const count of keys) {
    const topic = await fillWorkTopic({
      name: `zipf-${count}`,
      brokers,
      partitions: PARTITIONS,
      records,
      keys: count,
      bytes,
      pickKey: zipfKeys(count, createRandom(SEED)),
    })
    const labels = { keys: count }
    for (const arm of ARMS)
      contestants.push(workContestant({ arm, topic, slots: SLOTS, waits: { waitMs: WAIT_MS }, labels }))
  }
  return { name: 'makespan', columns: COLUMNS, runs: await takeTurns(contestants, rounds, log) }
}
