const NEARLY_FULL = 0.75
/** For each record that is not done there are so many that are. */
const NEARLY_DONE = 4

export interface Window {
  /** Records that are done past the lowest open one. */
  readonly settledAhead: number
  /** Records that are admitted and not settled. */
  readonly admitted: number
  readonly maxUncommittedRecords: number
}

/** Whether the lowest open record holds back a window that is nearly full of records that are nearly all done. */
export function isHeadBlocking({ settledAhead, admitted, maxUncommittedRecords }: Window): boolean {
  return settledAhead >= maxUncommittedRecords * NEARLY_FULL && settledAhead >= admitted * NEARLY_DONE
}
