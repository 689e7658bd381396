import { kafka } from '@holdfast/testing'
import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { takeTurns } from '../harness/take-turns.ts'
import { uniform } from '../stats/keys.ts'
import { createRandom } from '../stats/random.ts'
import { type Entry, fillWorkTopic, SEED, workContestant } from '../work/contest.ts'
import { cellsOf } from './cells.ts'

const WAIT_MS = 5
const KEYS_PER_SLOT = 20
const MIN_KEYS = 1_000

const COLUMNS: readonly Column[] = [
  { metric: 'steadyPerSecond', title: 'records/s', digits: 0, hasSpread: true },
  { metric: 'littleShare', title: 'littleShare', digits: 3, hasSpread: true },
  { metric: 'meanMs', title: 'handler ms', digits: 2 },
  { metric: 'cpuMicrosPerRecord', title: 'CPU µs/record', digits: 1 },
  { metric: 'rssMiB', title: 'RSS MiB', digits: 0 },
]

export const wait5ms = defineBench({
  id: 'wait5ms',
  summary: 'handlers that wait 5 ms, uniform keys: the share of what the slots allow; --records counts per slot',
  defaults: { records: 600, bytes: 200, rounds: 3, partitions: [1, 3, 6], slots: [1, 10, 100, 500] },
  async run({ records: recordsPerSlot, bytes, rounds, partitions, slots }, log) {
    await using cluster = await kafka({ optimise: 'throughput', log })
    const { brokers } = cluster
    const entries: Entry[] = []
    for (const cell of cellsOf(partitions, slots)) {
      const keys = Math.max(MIN_KEYS, KEYS_PER_SLOT * cell.slots)
      const topic = await fillWorkTopic({
        name: `wait5ms-${cell.partitions}-${cell.slots}`,
        brokers,
        partitions: cell.partitions,
        records: recordsPerSlot * cell.slots,
        keys,
        bytes,
        pickKey: uniform(keys, createRandom(SEED)),
      })
      const labels = { partitions: cell.partitions, slots: cell.slots }
      for (const arm of cell.arms) entries.push({ arm, topic, slots: cell.slots, waits: { waitMs: WAIT_MS }, labels })
    }
    const runs = await takeTurns(entries.map(workContestant), rounds, log)
    return {
      id: 'wait5ms',
      settings: { recordsPerSlot, bytes, rounds },
      tables: [{ name: 'arms', columns: COLUMNS, runs }],
    }
  },
})
