import { kafka } from '@holdfast/testing'
import type { Sample } from './arm.ts'
import { fillTopic } from './fill-topic.ts'
import { NOOP_ARMS } from './noop-arms.ts'
import { type BenchReport, summarise } from './report.ts'
import { runArm } from './run-arm.ts'

export const NOOP_REFERENCE = 'raw eachBatch'

export interface NoopSettings {
  readonly records: number
  readonly bytes: number
  readonly rounds: number
  readonly log: (line: string) => void
}

/** Handlers that do nothing: the cost of the framework itself. Arms take turns within each round, on one broker. */
export async function benchNoop({ records, bytes, rounds, log }: NoopSettings): Promise<BenchReport> {
  await using cluster = await kafka({ optimise: 'throughput', log })
  const { brokers } = cluster
  const topic = `bench-noop-${process.pid}`
  await fillTopic(brokers, topic, records, bytes)
  const samples = new Map<string, Sample[]>(Object.keys(NOOP_ARMS).map((arm) => [arm, []]))
  for (let round = 1; round <= rounds; round += 1) {
    const arms = round % 2 === 1 ? [...samples.keys()] : [...samples.keys()].toReversed()
    for (const arm of arms) {
      const sample = await runArm({
        arm,
        brokers,
        topic,
        records,
        groupId: `${topic}-${arm.replaceAll(' ', '-')}-${round}`,
      })
      samples.get(arm)?.push(sample)
      log(`round ${round}/${rounds} ${arm}: ${Math.round(sample.recordsPerSecond)} records/s`)
    }
  }
  return summarise('noop', samples, NOOP_REFERENCE)
}
