import type { RecordSource } from '@holdfast/core'
import { Ledger } from '../../../packages/core/src/ledger/ledger.ts'

/** The open offsets of a partition, as a committer needs them. */
export interface OffsetTracker {
  /** Opens offsets from `first` up to `end`, which is not opened. */
  open(first: number, end: number): void
  settle(offset: number): void
  /** The lowest open offset, else the next one. */
  committable(): number
}

export interface TrackerKind {
  create(): OffsetTracker
  /** Where settling takes time in proportion to what is open, fewer offsets must do. */
  readonly maxOffsets: number
}

function trackWithLedger(): OffsetTracker {
  const ledger = new Ledger(0)
  return {
    open(first, end) {
      ledger.track(offsetsFrom(first, end), end)
    },
    settle(offset) {
      ledger.settle(offset)
    },
    committable: () => ledger.committable,
  }
}

/** Fetched records of which only the offsets are asked for. */
function offsetsFrom(first: number, end: number): RecordSource {
  const no = (): never => {
    throw new Error('the ledger needs no records')
  }
  return { length: end - first, offsetAt: (index) => first + index, bytesAt: () => 0, at: no }
}

/** A Set keeps the order of insertion: its first value is the lowest open offset. */
function trackInSet(): OffsetTracker {
  const open = new Set<number>()
  let next = 0
  return {
    open(first, end) {
      for (let offset = first; offset < end; offset += 1) open.add(offset)
      next = end
    },
    settle(offset) {
      open.delete(offset)
    },
    committable: () => open.values().next().value ?? next,
  }
}

/** Clients hand offsets over as text; BigInt is the careful way to read them. */
function trackInSetOfBigInt(): OffsetTracker {
  const open = new Set<bigint>()
  let next = 0
  return {
    open(first, end) {
      for (let offset = first; offset < end; offset += 1) open.add(BigInt(offset))
      next = end
    },
    settle(offset) {
      open.delete(BigInt(offset))
    },
    committable: () => Number(open.values().next().value ?? next),
  }
}

function trackInSortedArray(): OffsetTracker {
  const open: number[] = []
  let next = 0
  return {
    open(first, end) {
      for (let offset = first; offset < end; offset += 1) open.push(offset)
      next = end
    },
    settle(offset) {
      const index = indexIn(open, offset)
      if (open[index] === offset) open.splice(index, 1)
    },
    committable: () => open[0] ?? next,
  }
}

function indexIn(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

export const TRACKERS: Readonly<Record<string, TrackerKind>> = {
  ledger: { create: trackWithLedger, maxOffsets: Number.POSITIVE_INFINITY },
  'Set of number': { create: trackInSet, maxOffsets: Number.POSITIVE_INFINITY },
  'Set of BigInt': { create: trackInSetOfBigInt, maxOffsets: Number.POSITIVE_INFINITY },
  'sorted array': { create: trackInSortedArray, maxOffsets: 100_000 },
}
