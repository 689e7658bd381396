import { kafka, postgres, redis } from '@holdfast/testing'
import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { runArm } from '../harness/run-arm.ts'
import { type Contestant, takeTurns } from '../harness/take-turns.ts'
import { createTopic } from '../kafka/fill-topic.ts'
import { uniform } from '../stats/keys.ts'
import { createRandom } from '../stats/random.ts'
import { fillWorkTopic, pollRecordsFor, SEED, type WorkTopic } from '../work/contest.ts'
import { ARM_NAMES, REFERENCE, SHORT_ARMS } from './arms.ts'
import { judge, withRatios } from './bars.ts'
import type { OnceSettings } from './settings.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
const PARTITIONS = 6
const SLOTS = 100
const KEYS = 2_000
const WAITS_MS: readonly number[] = [0, 5]

const COLUMNS: readonly Column[] = [
  { metric: 'recordsPerSecond', title: 'records/s', digits: 0, hasSpread: true },
  { metric: 'ratio', title: `ratio to ${REFERENCE}`, digits: 3 },
  { metric: 'roundTripsPerRecord', title: 'store round trips/record', digits: 3 },
  { metric: 'cpuMicrosPerRecord', title: 'CPU µs/record', digits: 1 },
  { metric: 'rssMiB', title: 'RSS MiB', digits: 0 },
]

const BAR_COLUMNS: readonly Column[] = [{ metric: 'ratio', title: 'ratio', digits: 3, hasSpread: true }]

export const once = defineBench({
  id: 'once',
  summary: 'effects once, by stores and by transactions: what a way costs beside at-least-once',
  defaults: { records: 160_000, singleRecords: 10_000, bytes: 200, rounds: 3 },
  async run({ records, singleRecords, bytes, rounds }, log) {
    await using cluster = await kafka({ optimise: 'throughput', log })
    await using redisServer = await redis({ own: true, log })
    // A test's server is spared its writes to disk; what commits cost is the question here.
    await using postgresServer = await postgres({ own: true, args: ['-c', 'fsync=on'], log })
    const { brokers } = cluster
    const servers = { redisUrl: redisServer.url, databaseUrl: postgresServer.url }
    const fill = (name: string, count: number): Promise<WorkTopic> =>
      fillWorkTopic({
        name,
        brokers,
        partitions: PARTITIONS,
        records: count,
        keys: KEYS,
        bytes,
        pickKey: uniform(KEYS, createRandom(SEED)),
      })
    const topic = await fill('once', records)
    const singleTopic = await fill('once-single', singleRecords)
    const contestants = WAITS_MS.flatMap((waitMs) =>
      ARM_NAMES.map((arm) =>
        contestantOf({ ...servers, arm, waitMs, topic: SHORT_ARMS.includes(arm) ? singleTopic : topic }),
      ),
    )
    const runs = withRatios(await takeTurns(contestants, rounds, log))
    return {
      id: 'once',
      settings: { records, singleRecords, bytes, partitions: PARTITIONS, keys: KEYS, slots: SLOTS, rounds },
      tables: [
        { name: 'arms', columns: COLUMNS, runs },
        { name: 'bars', columns: BAR_COLUMNS, runs: judge(runs) },
      ],
    }
  },
})

interface Entry extends Pick<OnceSettings, 'arm' | 'waitMs' | 'redisUrl' | 'databaseUrl'> {
  readonly topic: WorkTopic
}

function contestantOf({ topic: read, ...entry }: Entry): Contestant {
  const { arm, waitMs } = entry
  return {
    labels: { name: arm, waitMs },
    async run(round) {
      const groupId = `${read.topic}-${waitMs}-${arm.replaceAll(/\W+/g, '-')}-${round}`
      const outputTopic = `${groupId}-outputs`
      await createTopic(read.brokers, { topic: outputTopic, partitions: read.partitions })
      const told = { groupId, outputTopic, slots: SLOTS, maxPollRecords: pollRecordsFor(SLOTS) }
      return runArm({ program: PROGRAM, settings: { ...read, ...entry, ...told } satisfies OnceSettings })
    },
  }
}
