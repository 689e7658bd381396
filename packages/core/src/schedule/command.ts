import type { PartitionQueue, PollBatch } from './partition-queue.ts'

/** What the runtime is to do now. */
export type Command =
  | { readonly type: 'admit'; readonly pollBatch: PollBatch }
  | { readonly type: 'pause' | 'resume'; readonly queue: PartitionQueue }
  | { readonly type: 'wakeAt'; readonly atMs: number }
