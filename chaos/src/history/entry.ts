import type { TopicPartition } from '@holdfast/core'

/** Milliseconds of the machine's monotonic clock, which all processes share, and who wrote the entry. */
interface Stamped {
  readonly at: number
  readonly process: string
}

/** `run` tells the attempts of a process apart. */
interface Touched extends Stamped, TopicPartition {
  readonly offset: number
  readonly run: number
}

export interface Started extends Touched {
  readonly kind: 'start'
  readonly key: string
  readonly sequence: number
}

export interface Ended extends Touched {
  readonly kind: 'end'
}

export interface Aborted extends Touched {
  readonly kind: 'abort'
  readonly reason: string
}

export interface Joined extends Stamped {
  readonly kind: 'joined'
  readonly generation: number
  readonly epoch: number
  /** As `topic/partition`. */
  readonly partitions: readonly string[]
  /** Those that begin anew; the others went on where they were. */
  readonly added: readonly string[]
}

export interface LostMembership extends Stamped {
  readonly kind: 'lost'
  readonly reason: string
}

export interface Drained extends Stamped {
  readonly kind: 'drained'
  readonly cause: string
  /** As `topic/partition@offset`. */
  readonly abandoned: readonly string[]
}

type Offsets = readonly (TopicPartition & { readonly epoch: number; readonly offset: number })[]

export interface Committed extends Stamped {
  readonly kind: 'committed'
  readonly offsets: Offsets
}

export interface Fenced extends Stamped {
  readonly kind: 'fenced'
  readonly offsets: Offsets
}

export interface Logged extends Stamped {
  readonly kind: 'log'
  readonly level: 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Measured extends Stamped {
  readonly kind: 'measure'
  readonly rssMiB: number
  readonly heapMiB: number
  readonly handles: number
  readonly timers: number
}

export interface Failed extends Stamped {
  readonly kind: 'failed'
  readonly reason: string
}

export interface Produced extends Stamped, TopicPartition {
  readonly kind: 'produced'
  readonly offset: number
  readonly key: string
  readonly sequence: number
}

export type FaultName = 'kill' | 'replace' | 'freeze' | 'join' | 'leave' | 'terminate'

export interface Faulted extends Stamped {
  readonly kind: 'fault'
  readonly fault: FaultName
  readonly target: string
}

export interface Thawed extends Stamped {
  readonly kind: 'thaw'
  readonly target: string
}

export interface Exited extends Stamped {
  readonly kind: 'exit'
  readonly target: string
  readonly code: number | null
  readonly signal: string | null
  readonly isExpected: boolean
}

/** What the broker holds for a partition, noted when it is not what it was: asked at `askedAt`, answered at `at`. */
export interface Sampled extends Stamped, TopicPartition {
  readonly kind: 'sample'
  readonly askedAt: number
  readonly offset: number
  /** What is done past the offset, as the bounds of half-open ranges. */
  readonly doneAhead: readonly number[]
}

export interface Sampling extends Stamped {
  readonly kind: 'sampling'
  readonly count: number
  readonly longestGapMs: number
}

export interface PhaseBegun extends Stamped {
  readonly kind: 'phase'
  readonly phase: 'began' | 'faults began' | 'faults ended' | 'caught up' | 'stalled'
  readonly detail: string
}

export type Entry =
  | Started
  | Ended
  | Aborted
  | Joined
  | LostMembership
  | Drained
  | Committed
  | Fenced
  | Logged
  | Measured
  | Failed
  | Produced
  | Faulted
  | Thawed
  | Exited
  | Sampled
  | Sampling
  | PhaseBegun

export type EntryKind = Entry['kind']

/** An entry before its writer has stamped it. */
export type Note = Entry extends infer One ? (One extends Entry ? Omit<One, 'at' | 'process'> : never) : never

export function entriesOf<Kind extends EntryKind>(
  entries: readonly Entry[],
  ...kinds: readonly Kind[]
): Extract<Entry, { kind: Kind }>[] {
  const wanted: readonly string[] = kinds
  return entries.filter((entry): entry is Extract<Entry, { kind: Kind }> => wanted.includes(entry.kind))
}
