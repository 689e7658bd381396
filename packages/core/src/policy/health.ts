import { describeError } from '../errors/holdfast-error.ts'
import type { LifecycleState } from '../model/lifecycle.ts'
import { partitionName, type TopicPartition } from '../model/topic-partition.ts'
import type { CircuitState } from './circuit.ts'

/** `starting` until the first assignment; `degraded`: it works, and something needs a look. */
export type HealthStatus = 'starting' | 'healthy' | 'degraded' | 'unhealthy'

/**
 * Why a consumer is not healthy. Each begins when its cause has held without a break for the time that is named here, and
 * ends with its cause, so none can come more often than once in its time.
 *
 * - `failed`: the run has ended with an error. At once.
 * - `halted`: a record failed for good; its partition goes no further. At once.
 * - `stalled`: a partition has lag and has settled nothing for `stallTimeoutMs` (default: `maxPollIntervalMs`, 5 minutes).
 *   Time does not count while the user pauses it, a rebalance drains it, or it waits for slots that others use.
 * - `silent`: no broker has answered anything for `sessionTimeoutMs` (45 s), or with a partition: the broker that has it
 *   has answered no fetch of it for so long. During a join, which the group answers late, `rebalanceTimeoutMs` is added.
 * - `not-a-member`: out of the group; degraded after `heartbeatIntervalMs` (3 s), unhealthy after `rebalanceTimeoutMs`
 *   (5 minutes), which is the longest that a join may take.
 * - `commit-failing`: commits get no answer; degraded after `heartbeatIntervalMs`, unhealthy after `sessionTimeoutMs`.
 * - `dead-letter-failing`, `retry-topic-failing`: such a topic does not take a record, and its partition waits; at once.
 * - `dependency-open`: the circuit breaker of a dependency is not closed, and records wait for it; degraded, at once. A new
 *   process would find the dependency as this one does, and records are kept: nothing here is to be cured. Their partitions
 *   do not count as stalled.
 * - `dependency-down`: something that every record needs is not there, such as the store of idempotency keys, and a partition
 *   waits for it; at once.
 * - `paused-by-watchdog`: a handler nears its deadline; degraded, at once, for as long as the watchdog holds the partition.
 * - `buffer-full`: a partition is held back for want of room and has settled nothing for half of `stallTimeoutMs`; degraded.
 */
export type HealthCode =
  | 'failed'
  | 'halted'
  | 'stalled'
  | 'silent'
  | 'not-a-member'
  | 'commit-failing'
  | 'dead-letter-failing'
  | 'retry-topic-failing'
  | 'dependency-open'
  | 'dependency-down'
  | 'paused-by-watchdog'
  | 'buffer-full'

/** One cause of a status that is not healthy. */
export interface HealthReason {
  readonly code: HealthCode
  /** What it does to the status. */
  readonly severity: 'degraded' | 'unhealthy'
  /** What is wrong, why that is said, and what to do. */
  readonly message: string
  readonly topic?: string
  readonly partition?: number
  /** How long it has been so, in milliseconds. */
  readonly sinceMs?: number
}

/** How a consumer is, judged by its progress. */
export interface Health {
  readonly status: HealthStatus
  /** The worst come first; empty where all is well. */
  readonly reasons: readonly HealthReason[]
}

/** One partition; the times are milliseconds until now. */
export interface PartitionFacts extends TopicPartition {
  /** Records that wait: the end of the log as far as it is known, less what is settled. */
  readonly lag: number
  /** Why a record failed for good. */
  readonly halted: string | undefined
  readonly isHeldByDeadLetter: boolean
  readonly isHeldByRetryTopic: boolean
  /** What its records cannot begin without, and why it is not there. */
  readonly lack: { readonly dependency: string; readonly cause: string } | undefined
  readonly isHeldByWatchdog: boolean
  readonly isHeldByBackpressure: boolean
  /** For so long it could have settled records and has settled none. */
  readonly idleMs: number
  /** For so long it has been asked for and no fetch was answered. */
  readonly unansweredMs: number
}

/** A dependency that has a circuit breaker. */
export interface CircuitFacts {
  readonly circuit: string
  readonly state: CircuitState
  /** For how long it has not been closed; undefined where it is. */
  readonly downMs: number | undefined
  readonly cause: string | undefined
  /** The partitions that wait for it. */
  readonly waiting: number
}

export interface HealthFacts {
  readonly state: LifecycleState
  readonly failure: unknown
  /** Since no broker has answered anything. */
  readonly unansweredMs: number
  readonly isJoining: boolean
  /** Since the membership was lost; undefined for a member. */
  readonly outsideMs: number | undefined
  /** Since commits get no answer; undefined where they do. */
  readonly commitsFailingMs: number | undefined
  readonly partitions: readonly PartitionFacts[]
  readonly circuits: readonly CircuitFacts[]
}

export interface HealthLimits {
  readonly stallTimeoutMs: number
  readonly maxPollIntervalMs: number
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
}

const BUFFER_FULL_SHARE = 0.5

/** Judges from progress; heartbeats alone say nothing. */
export function judgeHealth(facts: HealthFacts, limits: HealthLimits): Health {
  if (facts.state === 'idle' || facts.state === 'starting') return { status: 'starting', reasons: [] }
  const found =
    facts.state === 'failed' ? failed(facts) : [...ofConsumer(facts, limits), ...ofPartitions(facts, limits)]
  const severe = found.filter(({ severity }) => severity === 'unhealthy')
  const mild = found.filter(({ severity }) => severity === 'degraded')
  return {
    status: severe.length > 0 ? 'unhealthy' : mild.length > 0 ? 'degraded' : 'healthy',
    reasons: [...severe, ...mild],
  }
}

function failed({ failure }: HealthFacts): HealthReason[] {
  const message = `the run has ended: ${describeError(failure)}. Fix: correct the cause, and restart the process.`
  return [{ code: 'failed', severity: 'unhealthy', message }]
}

function ofConsumer(facts: HealthFacts, limits: HealthLimits): HealthReason[] {
  const found = facts.state === 'running' ? [...silence(facts, limits), ...exclusion(facts, limits)] : []
  return [...found, ...commitFailure(facts, limits), ...facts.circuits.flatMap(outage)]
}

/** Where no record waits, nothing is lacking. */
function outage({ circuit, downMs, cause, waiting }: CircuitFacts): HealthReason[] {
  if (downMs === undefined || waiting === 0) return []
  const message = `${circuit} fails (${cause}), and ${waiting} partitions wait for it: its circuit breaker has not been closed for ${seconds(downMs)}. Nothing is lost, and one record after another is tried until one succeeds. Fix: bring ${circuit} back; where it is well, correct what the circuit breaker counts as its failure (when).`
  return [{ code: 'dependency-open', severity: 'degraded', message, sinceMs: downMs }]
}

function isSilent({ unansweredMs, isJoining }: HealthFacts, limits: HealthLimits): boolean {
  return unansweredMs >= limits.sessionTimeoutMs + (isJoining ? limits.rebalanceTimeoutMs : 0)
}

function silence(facts: HealthFacts, limits: HealthLimits): HealthReason[] {
  if (!isSilent(facts, limits)) return []
  return [
    {
      code: 'silent',
      severity: 'unhealthy',
      message: `no broker has answered anything for ${seconds(facts.unansweredMs)} (sessionTimeoutMs = ${limits.sessionTimeoutMs}): nothing is fetched, and the group goes on without this member. Fix: check the brokers and the network; where they are well, restart the process.`,
      sinceMs: facts.unansweredMs,
    },
  ]
}

function exclusion({ outsideMs }: HealthFacts, limits: HealthLimits): HealthReason[] {
  if (outsideMs === undefined || outsideMs < limits.heartbeatIntervalMs) return []
  return [
    {
      code: 'not-a-member',
      severity: outsideMs < limits.rebalanceTimeoutMs ? 'degraded' : 'unhealthy',
      message: `not a member of the group for ${seconds(outsideMs)}: nothing is fetched. It joins again by itself, which may take rebalanceTimeoutMs = ${limits.rebalanceTimeoutMs}. Fix: see the log for why the membership was lost; check the coordinator, and what the other members wait for.`,
      sinceMs: outsideMs,
    },
  ]
}

function commitFailure({ commitsFailingMs }: HealthFacts, limits: HealthLimits): HealthReason[] {
  if (commitsFailingMs === undefined || commitsFailingMs < limits.heartbeatIntervalMs) return []
  return [
    {
      code: 'commit-failing',
      severity: commitsFailingMs < limits.sessionTimeoutMs ? 'degraded' : 'unhealthy',
      message: `no commit has been answered for ${seconds(commitsFailingMs)}: what is done since then runs again after a restart. Fix: check the group's coordinator, and that the offsets topic has enough replicas in sync.`,
      sinceMs: commitsFailingMs,
    },
  ]
}

function ofPartitions(facts: HealthFacts, limits: HealthLimits): HealthReason[] {
  return facts.partitions.flatMap((partition) => {
    const { topic, partition: number } = partition
    return ofPartition(partition, facts, limits).map((reason) => ({ ...reason, topic, partition: number }))
  })
}

function ofPartition(partition: PartitionFacts, facts: HealthFacts, limits: HealthLimits): HealthReason[] {
  const { halted, isHeldByWatchdog, isHeldByDeadLetter, isHeldByRetryTopic, lack } = partition
  if (halted !== undefined) return [{ code: 'halted', severity: 'unhealthy', message: halted }]
  const found: HealthReason[] =
    facts.state === 'running' ? [...standstill(partition, limits), ...muteness(partition, facts, limits)] : []
  if (isHeldByDeadLetter) found.push(unwritten(partition, 'dead-letter'))
  if (isHeldByRetryTopic) found.push(unwritten(partition, 'retry'))
  if (lack !== undefined) {
    found.push({ code: 'dependency-down', severity: 'unhealthy', message: lacking(partition, lack) })
  }
  if (!isHeldByWatchdog) return found
  return [
    ...found,
    {
      code: 'paused-by-watchdog',
      severity: 'degraded',
      message: `${partitionName(partition)} is paused: what runs there nears its deadline (maxPollIntervalMs = ${limits.maxPollIntervalMs}). It goes on when that is over. Fix: shorten what the handler waits for, or raise maxPollIntervalMs.`,
    },
  ]
}

/** A cause may say itself what to do. */
function lacking(partition: PartitionFacts, { dependency, cause }: NonNullable<PartitionFacts['lack']>): string {
  const fix = cause.includes('Fix: ') ? '' : ` Fix: bring ${dependency} back, or let this service reach it.`
  return `${partitionName(partition)} waits for ${dependency}: ${cause.replace(/\.$/, '')}. No handler is called without it, nothing is lost, and records go on by themselves when it is back.${fix}`
}

function unwritten(partition: PartitionFacts, kind: 'dead-letter' | 'retry'): HealthReason {
  return {
    code: kind === 'retry' ? 'retry-topic-failing' : 'dead-letter-failing',
    severity: 'unhealthy',
    message: `${partitionName(partition)} waits: its ${kind} topic does not take a record that failed${kind === 'retry' ? ', or cannot be read for the order of its keys' : ''}. It is tried again after a pause, and nothing is lost. Fix: see the log for the topic and the reason.`,
  }
}

/** Lag without a settle. A partition that is merely paced, by its slots or its buffer, settles something now and then. */
function standstill(partition: PartitionFacts, { stallTimeoutMs }: HealthLimits): HealthReason[] {
  const { lag, idleMs, isHeldByBackpressure } = partition
  if (lag === 0) return []
  const what = `${lag} records wait, and none was settled for ${seconds(idleMs)}`
  if (idleMs >= stallTimeoutMs) {
    const message = `${partitionName(partition)} is stalled: ${what} (stallTimeoutMs = ${stallTimeoutMs}). Fix: find out what its handlers wait for (the log's slow handlers, oldestOpen of its status); raise stallTimeoutMs where records may take so long.`
    return [{ code: 'stalled', severity: 'unhealthy', message, sinceMs: idleMs }]
  }
  if (!isHeldByBackpressure || idleMs < stallTimeoutMs * BUFFER_FULL_SHARE) return []
  const message = `${partitionName(partition)} is not fetched since its buffer is full: ${what}. Fix: find out what its handlers wait for, before stallTimeoutMs = ${stallTimeoutMs} is over.`
  return [{ code: 'buffer-full', severity: 'degraded', message, sinceMs: idleMs }]
}

/** A broker that does not answer for a partition while others, such as the coordinator, do. */
function muteness(partition: PartitionFacts, facts: HealthFacts, limits: HealthLimits): HealthReason[] {
  const { unansweredMs } = partition
  if (unansweredMs < limits.sessionTimeoutMs || isSilent(facts, limits)) return []
  const message = `no fetch of ${partitionName(partition)} has been answered for ${seconds(unansweredMs)} (sessionTimeoutMs = ${limits.sessionTimeoutMs}), though brokers answer. Fix: check the leader of the partition; where it is well, restart the process.`
  return [{ code: 'silent', severity: 'unhealthy', message, sinceMs: unansweredMs }]
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}
