import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { runArm } from '../harness/run-arm.ts'
import { type Contestant, takeTurns, withRatio } from '../harness/take-turns.ts'
import { LANES_ARMS } from './arms.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)
const REFERENCE = 'p-queue per key'

const COLUMNS: readonly Column[] = [
  { metric: 'tasksPerSecond', title: 'tasks/s', digits: 0, hasSpread: true },
  { metric: 'cpuMicrosPerRecord', title: 'CPU µs/task', digits: 2 },
  { metric: 'rssMiB', title: 'RSS MiB', digits: 0 },
  { metric: 'keptHeapMiB', title: 'heap kept MiB', digits: 1 },
  { metric: 'keptRssMiB', title: 'RSS kept MiB', digits: 0 },
]
const RATIO: Column = { metric: 'ratio', title: `ratio to ${REFERENCE}`, digits: 2 }

export const lanes = defineBench({
  id: 'lanes',
  summary: 'tasks in order per key, without a broker: their cost, and what idle keys leave behind',
  defaults: { records: 1_000_000, keys: 100_000, rounds: 3 },
  async run({ records, keys, rounds }, log) {
    const contestant = (arm: string, distinct: number): Contestant => ({
      labels: { name: arm, keys: distinct },
      run: () => runArm({ program: PROGRAM, settings: { arm, records, keys: distinct }, execArgv: ['--expose-gc'] }),
    })
    const shared = await takeTurns(
      Object.keys(LANES_ARMS).map((arm) => contestant(arm, keys)),
      rounds,
      log,
    )
    const distinct = await takeTurns([contestant('holdfast', records)], rounds, log)
    const runs = withRatio(shared, 'tasksPerSecond', ({ name }) => name === REFERENCE)
    return {
      id: 'lanes',
      settings: { records, keys, rounds },
      tables: [
        { name: 'arms', columns: [...COLUMNS, RATIO], runs },
        { name: 'everyKeyOnce', columns: COLUMNS, runs: distinct },
      ],
    }
  },
})
