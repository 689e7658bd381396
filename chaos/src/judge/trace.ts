import { partitionName, type TopicPartition } from '@holdfast/core'
import type { Aborted, Ended, Entry, Produced, Started } from '../history/entry.ts'

/** A call of a handler for a record, as far as it came. */
export interface Attempt {
  readonly process: string
  readonly startedAt: number
  endedAt?: number
  abortedAt?: number
  abortReason?: string
}

/** All that happened to a record. */
export interface Trace extends TopicPartition {
  readonly offset: number
  readonly key: string
  readonly sequence: number
  /** Whether the broker has acknowledged it to the producer. */
  isProduced: boolean
  /** Whether something else was handed over at this offset, another time. */
  isMixedUp: boolean
  /** In the order of their starts. */
  readonly attempts: Attempt[]
}

/** The traces by partition, each list in the order of offsets. */
export type Traces = ReadonlyMap<string, readonly Trace[]>

export function traceRecords(entries: readonly Entry[]): Traces {
  const byOffset = new Map<string, Map<number, Trace>>()
  const attempts = new Map<string, Attempt>()
  for (const entry of entries) {
    if (entry.kind === 'produced') traceOf(byOffset, entry).isProduced = true
    if (entry.kind === 'start') {
      const attempt = { process: entry.process, startedAt: entry.at }
      traceOf(byOffset, entry).attempts.push(attempt)
      attempts.set(runName(entry), attempt)
    }
    if (entry.kind === 'end' || entry.kind === 'abort') note(attempts.get(runName(entry)), entry)
  }
  return new Map(
    [...byOffset].map(([partition, traces]) => [partition, [...traces.values()].sort((a, b) => a.offset - b.offset)]),
  )
}

export function showRecord({ topic, partition, offset, key }: Trace): string {
  return `${topic}/${partition}@${offset} (${key})`
}

/** When its effect happened first; undefined where it never did. */
export function firstEndOf({ attempts }: Trace): number | undefined {
  const ends = attempts.flatMap(({ endedAt }) => endedAt ?? [])
  return ends.length === 0 ? undefined : Math.min(...ends)
}

function traceOf(byOffset: Map<string, Map<number, Trace>>, entry: Produced | Started): Trace {
  const { topic, partition, offset, key, sequence } = entry
  const partitionTraces = byOffset.get(partitionName(entry)) ?? new Map<number, Trace>()
  byOffset.set(partitionName(entry), partitionTraces)
  const known = partitionTraces.get(offset)
  if (known !== undefined) {
    known.isMixedUp ||= known.sequence !== sequence
    return known
  }
  const trace = { topic, partition, offset, key, sequence, isProduced: false, isMixedUp: false, attempts: [] }
  partitionTraces.set(offset, trace)
  return trace
}

function note(attempt: Attempt | undefined, entry: Ended | Aborted): void {
  if (attempt === undefined) return
  if (entry.kind === 'end') {
    attempt.endedAt = entry.at
  } else {
    attempt.abortedAt = entry.at
    attempt.abortReason = entry.reason
  }
}

function runName({ process, run }: { readonly process: string; readonly run: number }): string {
  return `${process}#${run}`
}
