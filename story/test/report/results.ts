import { ARMS } from '../../src/arms/arms.ts'
import type { ArmResult } from '../../src/run/arm-result.ts'

/** One arm that is stuck and one that is done. */
export const RESULTS: readonly ArmResult[] = [
  {
    arm: ARMS[0]!,
    requested: 100,
    delivered: 40,
    duplicates: 30,
    rebalances: 4,
    commits: 2,
    recordsPerSecond: 2,
    lag: [0, 5, 10, 15, 20].map((seconds) => ({ seconds, lag: Math.min(100, seconds * 10) })),
  },
  {
    arm: ARMS[3]!,
    requested: 100,
    delivered: 100,
    duplicates: 0,
    rebalances: 0,
    commits: 50,
    recordsPerSecond: 12.345,
    lag: [
      { seconds: 0, lag: 0 },
      { seconds: 5, lag: 50 },
      { seconds: 8.1, lag: 0 },
    ],
  },
]
