import { kafka } from '@holdfast/testing'
import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { runArm } from '../harness/run-arm.ts'
import { takeTurns } from '../harness/take-turns.ts'
import { createTopic, fillTopic } from '../kafka/fill-topic.ts'
import { roundRobin } from '../stats/keys.ts'
import type { RetriesSettings } from './process.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
const PARTITIONS = 6
const KEYS = 10_000
const MIB = 2 ** 20
const EXEC_ARGV = ['--max-semi-space-size=16']

const COLUMNS: readonly Column[] = [
  { metric: 'seconds', title: 'seconds', digits: 0 },
  { metric: 'movesPerSecond', title: 'moves/s', digits: 0, hasSpread: true },
  { metric: 'baseMiB', title: 'base MiB', digits: 0 },
  { metric: 'rssMiB', title: 'most MiB', digits: 0, hasSpread: true },
  { metric: 'slopeMiBPerMinute', title: 'MiB/min after the first', digits: 1, hasSpread: true },
]

export const retries = defineBench({
  id: 'retries',
  summary: 'every record fails and goes to retry topics: memory levels off, and each is done in the end',
  defaults: { records: 1_000_000, bytes: 100, delayMs: 2_000, bufferMiB: 128, rounds: 1 },
  async run({ records, bytes, delayMs, bufferMiB, rounds }, log) {
    await using cluster = await kafka({ optimise: 'throughput', log })
    const { brokers } = cluster
    const topic = `bench-retries-${process.pid}`
    const read = { brokers, topic, partitions: PARTITIONS, records, keys: KEYS }
    await fillTopic(brokers, { ...read, bytes, pickKey: roundRobin(KEYS) })
    const contestants = [
      {
        labels: { name: 'two retry topics' },
        async run(round: number) {
          const retryTopics = [`${topic}-first-${round}`, `${topic}-second-${round}`] as const
          for (const name of retryTopics) await createTopic(brokers, { topic: name, partitions: PARTITIONS })
          const settings: RetriesSettings = {
            ...read,
            arm: 'two retry topics',
            groupId: `${topic}-${round}`,
            retryTopics,
            delayMs,
            maxBufferedBytes: bufferMiB * MIB,
          }
          return runArm({ program: PROGRAM, settings, execArgv: EXEC_ARGV })
        },
      },
    ]
    const runs = await takeTurns(contestants, rounds, log)
    return {
      id: 'retries',
      settings: { records, bytes, delayMs, bufferMiB, rounds },
      tables: [{ name: 'arms', columns: COLUMNS, runs }],
    }
  },
})
