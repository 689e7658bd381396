import { defineBench } from '../bench.ts'
import type { Column } from '../harness/report.ts'
import { runArm } from '../harness/run-arm.ts'
import { takeTurns } from '../harness/take-turns.ts'
import { COMPLETION_ORDERS } from './completions.ts'
import { TRACKERS } from './trackers.ts'

const PROGRAM = new URL('./process.ts', import.meta.url)

const COLUMNS: readonly Column[] = [
  { metric: 'completionsPerSecond', title: 'completions/s', digits: 0, hasSpread: true },
  { metric: 'bytesPerOpenOffset', title: 'bytes/open offset', digits: 3, hasSpread: true },
]

export const ledger = defineBench({
  id: 'ledger',
  summary: 'open offsets, settled in random order and behind a stuck head: speed and memory, without a broker',
  defaults: { records: 1_000_000, rounds: 5 },
  async run({ records, rounds }, log) {
    const contestants = Object.keys(COMPLETION_ORDERS).flatMap((order) =>
      Object.entries(TRACKERS).map(([arm, { maxOffsets }]) => {
        const offsets = Math.min(records, maxOffsets)
        return {
          labels: { name: arm, order, offsets },
          run: () => runArm({ program: PROGRAM, settings: { arm, order, offsets }, execArgv: ['--expose-gc'] }),
        }
      }),
    )
    const runs = await takeTurns(contestants, rounds, log)
    return { id: 'ledger', settings: { records, rounds }, tables: [{ name: 'arms', columns: COLUMNS, runs }] }
  },
})
