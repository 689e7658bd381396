import { runArm } from '../harness/run-arm.ts'
import type { Labels } from '../harness/sample.ts'
import type { Contestant } from '../harness/take-turns.ts'
import { fillTopic } from '../kafka/fill-topic.ts'
import type { PickKey } from '../stats/keys.ts'
import type { Waits, WorkSettings } from './settings.ts'
import type { WayName } from './ways.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
/** The seed of every draw of keys, so that all runs have the same topics. */
export const SEED = 1
const DEFAULT_MAX_POLL_RECORDS = 500
const POLL_RECORDS_PER_SLOT = 10

export type WorkTopic = Pick<WorkSettings, 'brokers' | 'topic' | 'partitions' | 'records' | 'keys'>

export interface WorkPlan extends Omit<WorkTopic, 'topic'> {
  /** Tells the topics of a benchmark apart. */
  readonly name: string
  readonly bytes: number
  readonly pickKey: PickKey
}

export async function fillWorkTopic({ name, bytes, pickKey, ...read }: WorkPlan): Promise<WorkTopic> {
  const topic = `bench-${name}-${process.pid}`
  await fillTopic(read.brokers, { ...read, topic, bytes, pickKey })
  return { ...read, topic }
}

export interface Entry {
  readonly arm: WayName
  readonly topic: WorkTopic
  readonly slots: number
  readonly waits: Waits
  readonly labels?: Omit<Labels, 'name'>
}

/** An arm that handles the whole topic once a round. */
export function workContestant({ arm, topic, slots, waits, labels }: Entry): Contestant {
  return {
    labels: { name: arm, ...labels },
    run: (round) =>
      runArm({
        program: PROGRAM,
        settings: {
          ...topic,
          arm,
          slots,
          waits,
          maxPollRecords: pollRecordsFor(slots),
          groupId: `${topic.topic}-${slots}-${arm.replaceAll(/\W+/g, '-')}-${round}`,
        } satisfies WorkSettings,
      }),
  }
}

/** The records that a partition has admitted must hold more keys than there are slots, or lanes run out. */
export function pollRecordsFor(slots: number): number {
  return Math.max(DEFAULT_MAX_POLL_RECORDS, POLL_RECORDS_PER_SLOT * slots)
}
