import { kafka } from '@holdfast/testing'
import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { runArm } from '../harness/run-arm.ts'
import { takeTurns } from '../harness/take-turns.ts'
import { fillTopic } from '../kafka/fill-topic.ts'
import { roundRobin } from '../stats/keys.ts'
import { BACKLOG_ARMS } from './arms.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
const PARTITIONS = 6
const KEYS = 1_000
const MIB = 2 ** 20
/** V8 gives young objects up to three times this, on a machine with much memory 192 MiB, whatever the program holds. */
const EXEC_ARGV = ['--max-semi-space-size=16']

const COLUMNS: readonly Column[] = [
  { metric: 'seconds', title: 'seconds', digits: 0 },
  { metric: 'baseMiB', title: 'base MiB', digits: 0 },
  { metric: 'rssMiB', title: 'most MiB', digits: 0, hasSpread: true },
  { metric: 'limitMiB', title: 'base + 1.5 × buffers', digits: 0 },
  { metric: 'slopeMiBPerMinute', title: 'MiB/min after the first', digits: 1, hasSpread: true },
]

export const backlog = defineBench({
  id: 'backlog',
  summary: 'a long backlog and a busy handler: memory follows the limit on buffers, not the backlog',
  defaults: { records: 3_000_000, bytes: 100, handlerMicros: 200, bufferMiB: 128, rounds: 1 },
  async run({ records, bytes, handlerMicros, bufferMiB, rounds }, log) {
    await using cluster = await kafka({ optimise: 'throughput', log })
    const { brokers } = cluster
    const topic = `bench-backlog-${process.pid}`
    const read = { brokers, topic, partitions: PARTITIONS, records, keys: KEYS }
    await fillTopic(brokers, { ...read, bytes, pickKey: roundRobin(KEYS) })
    const settings = { ...read, handlerMicros, maxBufferedBytes: bufferMiB * MIB }
    const contestants = Object.keys(BACKLOG_ARMS).map((arm) => ({
      labels: { name: arm },
      run: (round: number) => {
        const groupId = `${topic}-${arm.replaceAll(' ', '-')}-${round}`
        return runArm({ program: PROGRAM, settings: { ...settings, arm, groupId }, execArgv: EXEC_ARGV })
      },
    }))
    const runs = await takeTurns(contestants, rounds, log)
    return {
      id: 'backlog',
      settings: { records, bytes, handlerMicros, bufferMiB, rounds },
      tables: [{ name: 'arms', columns: COLUMNS, runs }],
    }
  },
})
