import type { Settlement } from '../judge/settlement.ts'

/** How long a handler takes: every `slowEvery`th record takes `slowSteps` steps instead of one. */
export interface Work {
  readonly stepMs: number
  readonly slowEvery?: number
  readonly slowSteps?: number
  /** Whether a handler ends with its signal, or carries on as if nothing had been said. */
  readonly onAbort: 'end' | 'carry on'
}

/** The options of every worker that a story sets. */
export interface WorkerTuning {
  readonly concurrency: number
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly drainBudgetMs?: number
}

interface Rhythm {
  readonly everyMs: number
  /** By what share of `everyMs` the seed may move each fault, either way. */
  readonly jitter: number
}

export type GoodbyeName = 'leave' | 'terminate'

/** What happens again and again; the seed decides when exactly, to whom, and how. */
export type FaultRule =
  /** A guest that is out joins, one that is in leaves. */
  | (Rhythm & { readonly fault: 'visit'; readonly goodbyes: readonly [GoodbyeName, ...GoodbyeName[]] })
  /** SIGKILL to a worker, which is started again after a while. */
  | (Rhythm & { readonly fault: 'kill'; readonly restartMs: readonly [number, number] })
  /** SIGTERM to the worker whose turn it is, which is started again after a while. */
  | (Rhythm & { readonly fault: 'replace'; readonly downMs: readonly [number, number] })
  /** SIGSTOP to a worker, SIGCONT after a while. */
  | (Rhythm & { readonly fault: 'freeze'; readonly forMs: readonly [number, number] })

export interface Story {
  readonly name: string
  /** What it shows, in a line. */
  readonly summary: string
  /** A topic for each, with so many partitions. */
  readonly partitions: readonly number[]
  readonly keysPerTopic: number
  readonly recordsPerSecond: number
  readonly workers: number
  readonly guests: number
  readonly tuning: WorkerTuning
  readonly work: Work
  readonly faults: readonly FaultRule[]
  /** Its share of the time when all stories run. */
  readonly share: number
  /** Shorter, it would show nothing. */
  readonly minSeconds: number
  /** What besides a kill may make a record run again. */
  readonly settlement: Settlement
}
