import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { runArm } from '../harness/run-arm.ts'
import { takeTurns } from '../harness/take-turns.ts'
import { THREADS_ARMS } from './arms.ts'
import type { ThreadsSettings } from './process.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)

const COLUMNS: readonly Column[] = [
  { metric: 'recordsPerSecond', title: 'records/s', digits: 0, hasSpread: true },
  { metric: 'wallMicrosPerRecord', title: 'µs/record', digits: 1 },
  { metric: 'mainMicrosPerRecord', title: 'CPU µs/record of the main thread', digits: 1 },
]

export const threads = defineBench({
  id: 'threads',
  summary: "a record's way into a worker thread and back, without a broker",
  defaults: { records: 5_000, bytes: [100, 10_000, 1_000_000], rounds: 3 },
  async run({ records, bytes, rounds }, log) {
    const contestants = bytes.flatMap((size) =>
      Object.keys(THREADS_ARMS).map((arm) => ({
        labels: { name: arm, bytes: size },
        run: () => runArm<ThreadsSettings>({ program: PROGRAM, settings: { arm, bytes: size, records } }),
      })),
    )
    const runs = await takeTurns(contestants, rounds, log)
    return { id: 'threads', settings: { records, bytes, rounds }, tables: [{ name: 'arms', columns: COLUMNS, runs }] }
  },
})
