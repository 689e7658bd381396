import type { LifecycleState } from '../model/lifecycle.ts'
import type { Health, HealthCode, HealthReason, HealthStatus } from '../policy/health.ts'

/** What a probe needs of a consumer; every `Consumer` has it. */
export interface HealthSource {
  status(): { readonly state: LifecycleState; readonly health: Health }
  /** Where the group's name is taken from. */
  toJSON?(): object
}

export type ProbeName = 'liveness' | 'readiness'

/** What a probe says of one consumer; `groupId` is undefined where it cannot be told. */
export interface ConsumerReport {
  readonly groupId: string | undefined
  readonly state: LifecycleState
  readonly status: HealthStatus
  readonly reasons: readonly HealthReason[]
}

/** The body of a probe. */
export interface ProbeReport {
  /** What the probe comes to; `fail` is answered with 503. */
  readonly status: 'pass' | 'fail'
  readonly consumers: readonly ConsumerReport[]
}

/**
 * What a new process can cure. It cannot cure a record that fails for good (`halted`): it would meet it again, and the
 * other partitions would wait meanwhile. Nor what passes by itself.
 */
export const LIVENESS_CODES: readonly HealthCode[] = ['failed', 'silent', 'stalled', 'not-a-member']

/** Asks every consumer now. A probe passes if it does for each of them. */
export function probe(
  name: ProbeName,
  sources: readonly HealthSource[],
  livenessCodes: readonly HealthCode[],
): ProbeReport {
  const consumers = sources.map(reportOf)
  const passes = name === 'liveness' ? (report: ConsumerReport) => isLive(report, livenessCodes) : isReady
  return { status: consumers.every(passes) ? 'pass' : 'fail', consumers }
}

function reportOf(source: HealthSource): ConsumerReport {
  const { state, health } = source.status()
  const { groupId } = (source.toJSON?.() ?? {}) as { readonly groupId?: string }
  return { groupId, state, ...health }
}

function isLive({ reasons }: ConsumerReport, codes: readonly HealthCode[]): boolean {
  return !reasons.some(({ code, severity }) => severity === 'unhealthy' && codes.includes(code))
}

function isReady({ state, status }: ConsumerReport): boolean {
  return state === 'running' && (status === 'healthy' || status === 'degraded')
}
