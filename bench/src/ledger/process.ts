import { serveArm } from '../harness/serve-arm.ts'
import { COMPLETION_ORDERS, type CompletionOrder } from './completions.ts'
import { type OffsetTracker, TRACKERS, type TrackerKind } from './trackers.ts'

/** Records that arrive together. */
const FETCHED = 500
/** As often as holdfast commits. */
const SETTLED_PER_COMMIT = 1_000
const PASSES = 5
const WARM_UP_OFFSETS = 50_000

export interface LedgerSettings {
  readonly arm: string
  readonly order: string
  readonly offsets: number
}

await serveArm<LedgerSettings>(async ({ arm, order, offsets }) => {
  const { create } = TRACKERS[arm] as TrackerKind
  const completionsOf = COMPLETION_ORDERS[order] as CompletionOrder
  const warmUp = completionsOf(Math.min(offsets, WARM_UP_OFFSETS))
  for (let pass = 0; pass < PASSES; pass += 1) settleAll(openAll(create(), warmUp.length), warmUp)
  const bytesPerOpenOffset = measureBytes(() => openAll(create(), offsets)) / offsets
  const completions = completionsOf(offsets)
  let seconds = 0
  for (let pass = 0; pass < PASSES; pass += 1) {
    const tracker = openAll(create(), offsets)
    const startedMs = performance.now()
    settleAll(tracker, completions)
    seconds += (performance.now() - startedMs) / 1_000
    if (tracker.committable() !== offsets) throw new Error(`${arm} would commit ${tracker.committable()}`)
  }
  return { completionsPerSecond: (PASSES * offsets) / seconds, bytesPerOpenOffset }
})

function openAll(tracker: OffsetTracker, offsets: number): OffsetTracker {
  for (let first = 0; first < offsets; first += FETCHED) tracker.open(first, Math.min(first + FETCHED, offsets))
  return tracker
}

/** Answers the sum of what would be committed, so that no one may leave the work out. */
function settleAll(tracker: OffsetTracker, completions: Uint32Array): number {
  let committed = 0
  for (let index = 0; index < completions.length; index += 1) {
    tracker.settle(completions[index] as number)
    if (index % SETTLED_PER_COMMIT === 0) committed += tracker.committable()
  }
  return committed
}

function measureBytes(make: () => OffsetTracker): number {
  const before = usedBytes()
  const held = make()
  const bytes = usedBytes() - before
  held.settle(0)
  return bytes
}

/** On the heap and in typed arrays beside it. */
function usedBytes(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
