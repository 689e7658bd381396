import { kafka } from '@holdfast/testing'
import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { takeTurns, withRatio } from '../harness/take-turns.ts'
import { firstKeyOf } from '../paced/load.ts'
import { runPaced } from '../paced/run-paced.ts'
import { MAX_POLL_INTERVAL_MS, PARTITIONS, PER_SECOND, SESSION_TIMEOUT_MS, SLOTS, SLOW_PARTITIONS } from './scene.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
const HEALTHY = 'no poison'
const POISONED = 'poisoned'
/** When the slow records come, after the others. */
const SLOW_AT_MS = 5_000

const COLUMNS: readonly Column[] = [
  { metric: 'p99Ms', title: 'p99 wait ms of other keys', digits: 0, hasSpread: true },
  { metric: 'ratio', title: 'ratio to no poison', digits: 2, hasSpread: true },
  { metric: 'p50Ms', title: 'p50 wait ms', digits: 0 },
  { metric: 'rebalances', title: 'rebalances', digits: 0 },
  { metric: 'pauses', title: 'pauses by the watchdog', digits: 0 },
  { metric: 'aborts', title: 'aborts', digits: 0 },
  { metric: 'liftMs', title: 'longest pause after its cause ms', digits: 0 },
  { metric: 'healthyLag', title: 'most lag of healthy partitions', digits: 0 },
]

export const poison = defineBench({
  id: 'poison',
  summary: 'some records that take seconds, and three keys 20 s: what they cost the others',
  defaults: { bytes: 200, rounds: 3, seconds: 60 },
  async run({ bytes, rounds, seconds }, log) {
    await using cluster = await kafka({ optimise: 'throughput', log })
    const { brokers } = cluster
    const contestants = [HEALTHY, POISONED].map((name) => ({
      labels: { name },
      run: (round: number) =>
        runPaced({
          program: PROGRAM,
          arm: name,
          brokers,
          topic: `bench-poison-${process.pid}-${name === POISONED ? 1 : 0}-${round}`,
          partitions: PARTITIONS,
          bytes,
          load: { coldPerSecond: PER_SECOND, hotPerSecond: 0, seconds },
          extras: SLOW_PARTITIONS.map((partition) => ({ atMs: SLOW_AT_MS, partition, key: firstKeyOf(partition) })),
          settings: { isPoisoned: name === POISONED },
        }),
    }))
    const runs = await takeTurns(contestants, rounds, log)
    return {
      id: 'poison',
      settings: {
        bytes,
        partitions: PARTITIONS,
        slots: SLOTS,
        perSecond: PER_SECOND,
        seconds,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        maxPollIntervalMs: MAX_POLL_INTERVAL_MS,
        rounds,
      },
      tables: [{ name: 'poison', columns: COLUMNS, runs: withRatio(runs, 'p99Ms', ({ name }) => name === HEALTHY) }],
    }
  },
})
