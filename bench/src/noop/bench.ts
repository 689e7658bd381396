import { kafka } from '@holdfast/testing'
import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { runArm } from '../harness/run-arm.ts'
import { takeTurns, withRatio } from '../harness/take-turns.ts'
import { fillTopic } from '../kafka/fill-topic.ts'
import { roundRobin } from '../stats/keys.ts'
import { NOOP_ARMS } from './arms.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
const REFERENCE = 'raw eachBatch'
const PARTITIONS = 6
const KEYS = 1_000

const COLUMNS: readonly Column[] = [
  { metric: 'recordsPerSecond', title: 'records/s', digits: 0, hasSpread: true },
  { metric: 'ratio', title: `ratio to ${REFERENCE}`, digits: 3 },
  { metric: 'cpuMicrosPerRecord', title: 'CPU µs/record', digits: 2 },
  { metric: 'rssMiB', title: 'RSS MiB', digits: 0 },
]

export const noop = defineBench({
  id: 'noop',
  summary: 'handlers that do nothing: the cost of the framework itself',
  defaults: { records: 500_000, bytes: 200, rounds: 5 },
  async run({ records, bytes, rounds }, log) {
    await using cluster = await kafka({ optimise: 'throughput', log })
    const { brokers } = cluster
    const topic = `bench-noop-${process.pid}`
    const read = { brokers, topic, partitions: PARTITIONS, records, keys: KEYS }
    await fillTopic(brokers, { ...read, bytes, pickKey: roundRobin(KEYS) })
    const contestants = Object.keys(NOOP_ARMS).map((arm) => ({
      labels: { name: arm },
      run: (round: number) =>
        runArm({
          program: PROGRAM,
          settings: { ...read, arm, groupId: `${topic}-${arm.replaceAll(' ', '-')}-${round}` },
        }),
    }))
    const turns = await takeTurns(contestants, rounds, log)
    const runs = withRatio(turns, 'recordsPerSecond', ({ name }) => name === REFERENCE)
    return {
      id: 'noop',
      settings: { records, bytes, partitions: PARTITIONS, keys: KEYS, rounds },
      tables: [{ name: 'arms', columns: COLUMNS, runs }],
    }
  },
})
