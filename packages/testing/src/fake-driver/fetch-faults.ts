import type { RecordBatch } from '@holdfast/core'

/** What can go wrong with fetches; each is asked once per batch. */
export interface FetchFaults {
  /** The batch is delivered twice. @default never */
  readonly repeat?: (batch: RecordBatch) => boolean
  /** The batch is held back until after the next assignment, and delivered under its old epoch. @default never */
  readonly stale?: (batch: RecordBatch) => boolean
}
