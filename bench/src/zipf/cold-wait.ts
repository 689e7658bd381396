import type { Log } from '../bench.ts'
import type { Column, Table } from '../harness/report.ts'
import { takeTurns, withRatio } from '../harness/take-turns.ts'
import { runPaced } from '../paced/run-paced.ts'
import type { WayName } from '../work/ways.ts'
import { PARTITIONS, SLOTS, WAIT_MS } from './scene.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
const ARMS: readonly WayName[] = ['holdfast key order', 'key chains per batch, partitions at once']
const COLD_PER_SECOND = 500
/** Half as much again as the lane of one key can do. */
const HOT_PER_SECOND: number = 1.5 * (1_000 / WAIT_MS)
/** The backlog of the hot key must fit, or cold keys of its partition wait outside. */
const MAX_POLL_RECORDS = 10_000

const ALONE = 'cold keys alone'
const LOADS: Readonly<Record<string, number>> = { [ALONE]: 0, 'beside a hot key': HOT_PER_SECOND }

const COLUMNS: readonly Column[] = [
  { metric: 'p99Ms', title: 'p99 wait ms', digits: 0, hasSpread: true },
  { metric: 'ratio', title: 'ratio to alone', digits: 2 },
  { metric: 'p50Ms', title: 'p50 wait ms', digits: 0 },
  { metric: 'waits', title: 'waits', digits: 0 },
]

export interface ColdWaitOptions {
  readonly brokers: readonly string[]
  readonly seconds: number
  readonly bytes: number
  readonly rounds: number
}

/** How long records of cold keys wait from their production to their handler, alone and beside a hot key's backlog. */
export async function measureColdWait({ rounds, ...scene }: ColdWaitOptions, log: Log): Promise<Table> {
  const contestants = ARMS.flatMap((arm) =>
    Object.entries(LOADS).map(([load, hotPerSecond]) => ({
      labels: { name: arm, load },
      run: (round: number) => {
        const { brokers, bytes, seconds } = scene
        return runPaced({
          program: PROGRAM,
          arm,
          brokers,
          topic: `bench-cold-${process.pid}-${ARMS.indexOf(arm)}-${hotPerSecond}-${round}`,
          partitions: PARTITIONS,
          bytes,
          load: { coldPerSecond: COLD_PER_SECOND, hotPerSecond, seconds },
          settings: { slots: SLOTS, maxPollRecords: MAX_POLL_RECORDS },
        })
      },
    })),
  )
  const runs = await takeTurns(contestants, rounds, log)
  const compared = ARMS.flatMap((arm) =>
    withRatio(
      runs.filter(({ labels }) => labels.name === arm),
      'p99Ms',
      ({ load }) => load === ALONE,
    ),
  )
  return { name: 'coldWait', columns: COLUMNS, runs: compared }
}
