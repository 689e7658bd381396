import { kafka } from '@holdfast/testing'
import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { takeTurns } from '../harness/take-turns.ts'
import { uniform } from '../stats/keys.ts'
import { createRandom } from '../stats/random.ts'
import { fillWorkTopic, SEED, workContestant } from '../work/contest.ts'
import type { Waits } from '../work/settings.ts'
import type { WayName } from '../work/ways.ts'

const PARTITIONS = 6
const SLOTS = 100
const KEYS = 2_000
const WAITS: Waits = { waitMs: 5, slow: { every: 100, waitMs: 250 } }

const ARMS: readonly WayName[] = [
  'holdfast key order',
  'holdfast no order',
  'pool per batch',
  'pool per batch, partitions at once',
]

const COLUMNS: readonly Column[] = [
  { metric: 'recordsPerSecond', title: 'records/s', digits: 0, hasSpread: true },
  { metric: 'boundShare', title: 'boundShare', digits: 3, hasSpread: true },
  { metric: 'littleShare', title: 'littleShare', digits: 3 },
  { metric: 'meanMs', title: 'handler ms', digits: 2 },
  { metric: 'cpuMicrosPerRecord', title: 'CPU µs/record', digits: 1 },
  { metric: 'rssMiB', title: 'RSS MiB', digits: 0 },
]

export const longtail = defineBench({
  id: 'longtail',
  summary: 'one record of a hundred takes 50 times as long: the share of the shortest possible time',
  defaults: { records: 200_000, bytes: 200, rounds: 3 },
  async run({ records, bytes, rounds }, log) {
    await using cluster = await kafka({ optimise: 'throughput', log })
    const topic = await fillWorkTopic({
      name: 'longtail',
      brokers: cluster.brokers,
      partitions: PARTITIONS,
      records,
      keys: KEYS,
      bytes,
      pickKey: uniform(KEYS, createRandom(SEED)),
    })
    const contestants = ARMS.map((arm) => workContestant({ arm, topic, slots: SLOTS, waits: WAITS }))
    return {
      id: 'longtail',
      settings: { records, bytes, partitions: PARTITIONS, slots: SLOTS, keys: KEYS, rounds },
      tables: [{ name: 'arms', columns: COLUMNS, runs: await takeTurns(contestants, rounds, log) }],
    }
  },
})
