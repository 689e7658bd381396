import type { Random } from '../support/random.ts'
import type { Downstream } from './concurrency-simulation.ts'

const SERVICE_MS = 100

/** Factors of mean one. */
export const NOISES: Readonly<Record<string, (random: Random) => number>> = {
  'narrow noise': (random) => Math.exp(0.2 * normal(random) - 0.02),
  'exponential noise': (random) => -Math.log(1 - random.next()),
  'long tail': (random) => (1 - random.next()) ** (-1 / 1.5) / 3,
}

type Noise = (random: Random) => number

/** `servers` of them share what is in flight. */
export const sharedPool =
  (servers: number, noise: Noise): Downstream =>
  ({ inFlight, random }) => ({ latencyMs: SERVICE_MS * noise(random) * Math.max(1, inFlight / servers) })

/** `servers` of them, each with one at a time; the others wait in line. */
export function queueingPool(servers: number, noise: Noise): Downstream {
  const freeAtMs: number[] = Array.from({ length: servers }, () => 0)
  return ({ nowMs, random }) => {
    const next = freeAtMs.indexOf(Math.min(...freeAtMs))
    const endMs = Math.max(nowMs, freeAtMs[next] ?? 0) + SERVICE_MS * noise(random)
    freeAtMs[next] = endMs
    return { latencyMs: endMs - nowMs }
  }
}

export const endless =
  (noise: Noise): Downstream =>
  ({ random }) => ({ latencyMs: SERVICE_MS * noise(random) })

/** Its throughput is highest with `knee` in flight, and falls past it. */
export const collapsing =
  (knee: number, noise: Noise): Downstream =>
  ({ inFlight, random }) => ({ latencyMs: SERVICE_MS * noise(random) * (1 + (inFlight / knee) ** 2) })

/** Slower by `factor` while `isSlow`. */
export const slowedDown =
  (downstream: Downstream, factor: number, isSlow: (nowMs: number) => boolean): Downstream =>
  (now) => ({ latencyMs: downstream(now).latencyMs * (isSlow(now.nowMs) ? factor : 1) })

export const failing =
  (downstream: Downstream, share: (nowMs: number, inFlight: number) => number): Downstream =>
  (now) => ({ ...downstream(now), fails: now.random.chance(share(now.nowMs, now.inFlight)) })

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}
