/**
 * Latencies of attempts, as their sum and the sum of their roots. What is typical of them is the square of the mean root:
 * a very slow attempt among many moves it far less than the mean, and queueing moves it nearly as much.
 */
export interface LatencySums {
  readonly count: number
  readonly ms: number
  readonly rootMs: number
}

export const NO_LATENCIES: LatencySums = Object.freeze({ count: 0, ms: 0, rootMs: 0 })

/** The newer sums with the older ones, of which at most `memory` attempts count. */
export function mergeLatencies(
  older: LatencySums,
  newer: LatencySums,
  memory: number = Number.POSITIVE_INFINITY,
): LatencySums {
  const weight = Math.min(1, memory / Math.max(1, older.count))
  return {
    count: older.count * weight + newer.count,
    ms: older.ms * weight + newer.ms,
    rootMs: older.rootMs * weight + newer.rootMs,
  }
}

/** By how much the typical latency has grown, as a logarithm: 0 where it is the same. */
export function growth(from: LatencySums, to: LatencySums): number {
  return 2 * Math.log(meanRoot(to) / meanRoot(from))
}

/** How far the logarithm of the typical latency may be from the truth, one standard deviation. */
export function errorOf(latency: LatencySums): number {
  const { count, ms } = latency
  if (count < 2) return Number.POSITIVE_INFINITY
  const mean = meanRoot(latency)
  const variance = Math.max(0, ms / count - mean * mean)
  return (2 * Math.sqrt(variance / (count - 1))) / mean
}

/** Latencies below a clock's grain count as one grain. */
const GRAIN_ROOT_MS = 0.03

function meanRoot({ count, rootMs }: LatencySums): number {
  return Math.max(GRAIN_ROOT_MS, count > 0 ? rootMs / count : 0)
}
